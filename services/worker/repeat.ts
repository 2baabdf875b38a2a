import { setTimeout as pause } from "node:timers/promises";

/** Something that is done again and again. */
export type Repetition = {
  /** Lets what is under way end, and resolves. */
  readonly stop: () => Promise<void>;
};

/**
 * Does something now, and again after each pause of `everyMs` or a quarter more or less, so that workers that started together
 * soon do it apart. `act` never rejects.
 */
export function startRepeating(everyMs: number, act: () => Promise<void>): Repetition {
  const stopping = new AbortController();
  const { signal } = stopping;
  const running = (async () => {
    while (!signal.aborted) {
      await act();
      const waitMs = everyMs * (0.75 + 0.5 * Math.random());
      await pause(waitMs, undefined, { signal }).catch(() => undefined);
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
