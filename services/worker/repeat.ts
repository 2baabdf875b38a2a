import { setTimeout as pause } from "node:timers/promises";
import type { Loop } from "../health/loops.ts";
import type { Log } from "../log/log.ts";

/** Something that is done again and again. */
export type Repetition = {
  /** Lets what is under way end, and resolves. */
  readonly stop: () => Promise<void>;
};

/** How something is repeated. */
export type RepeatOptions = {
  readonly everyMs: number;
  /** Where it tells how it fares; nothing for what the service can do without. */
  readonly loop?: Loop;
  readonly log: Log;
  /** What the log says when it fails. */
  readonly failing: string;
};

/**
 * Does something now, and again after each pause of `everyMs` or a quarter more or less, so that workers that started together
 * soon do it apart. Where it fails it is done again as if it had not.
 */
export function startRepeating(
  { everyMs, loop, log, failing }: RepeatOptions,
  act: () => Promise<void>,
): Repetition {
  const stopping = new AbortController();
  const { signal } = stopping;
  const running = (async () => {
    while (!signal.aborted) {
      try {
        await act();
        loop?.succeeded();
      } catch (error) {
        log.warn(failing, { error, failures: loop?.failed(error) });
      }
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
