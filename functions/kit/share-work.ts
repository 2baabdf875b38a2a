/** Makes something for all who want it under one key at the same time; each `signal` ends its own caller's wait. */
export type ShareWork<Result> = (
  key: string,
  signal: AbortSignal,
  make: (signal: AbortSignal) => Promise<Result>,
) => Promise<Result>;

/**
 * Gives a way to make things once for all who ask at once.
 *
 * What was begun obeys no caller's signal and goes on when they give up: others may wait for it. Where requests may not share
 * work (mayShareWork), each caller makes its own, under its own signal.
 */
export function createSharedWork<Result>(isShared: boolean): ShareWork<Result> {
  const pending = new Map<string, Promise<Result>>();
  return async (key, signal, make) => {
    if (!isShared) return make(signal);
    signal.throwIfAborted();
    const shared = pending.get(key) ?? make(new AbortController().signal);
    pending.set(key, shared);
    return unlessAborted(
      shared.finally(() => pending.delete(key)),
      signal,
    );
  };
}

/** Waits for a promise as long as the signal lets it, and rejects with the signal's reason then; what was begun goes on. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal.reason);
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", giveUp));
  });
}
