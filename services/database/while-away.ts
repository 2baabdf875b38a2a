import { setTimeout as pause } from "node:timers/promises";
import { isTransient } from "#db/is-transient";

/** How to wait for a database that is away. */
export type WhileAwayOptions = {
  /** Ends the wait, as when the process is told to stop. */
  readonly signal: AbortSignal;
  /** Called at the first failure. */
  readonly onAway?: (error: unknown) => void;
};

/**
 * Does something again and again until the database lets it, and gives what it gives; null where the wait was ended.
 *
 * @throws what is not for want of a database, as a missing right.
 */
export async function whileAway<T>(
  act: () => Promise<T>,
  { signal, onAway }: WhileAwayOptions,
): Promise<T | null> {
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      return await act();
    } catch (error) {
      if (!isTransient(error)) throw error;
      if (failures === 0) onAway?.(error);
      await pause(Math.min(2_000, 100 * 2 ** failures), undefined, { signal }).catch(() => undefined);
    }
  }
  return null;
}
