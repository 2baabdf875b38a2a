import { setTimeout as pause } from "node:timers/promises";

/** Waits for so many ms, or less: it is cut short when there is no time, or nothing left to wait for. */
export type Patience = (ms: number) => Promise<void>;

/** Gives a part's `drain`, which stops it once, however often it is called; with `true`, also later on, all patience ends. */
export function createDrain(stop: (patience: Patience) => Promise<void>): (now?: boolean) => Promise<void> {
  const hurry = new AbortController();
  const patience: Patience = (ms) => pause(ms, undefined, { signal: hurry.signal }).catch(() => undefined);
  let stopped: Promise<void> | undefined;
  return (now = false) => {
    if (now) hurry.abort();
    stopped ??= stop(patience).finally(() => hurry.abort());
    return stopped;
  };
}
