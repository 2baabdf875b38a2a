import type { Jobs } from "#db/jobs";

/** The keys that sign callback tokens, kept at hand. */
export type KeyRing = {
  /** Gives the keys, the newest first: at once where they are at hand, and read anew when they are older than a minute. */
  readonly keys: () => readonly string[] | Promise<readonly string[]>;
};

const keepMs = 60_000;

/**
 * Gives a key ring that reads the database's keys when first asked. A database that is away leaves the known ones in use. Who asks
 * while they are read waits for the same answer: strangers must not make a query for each forged token.
 */
export function createKeyRing(jobs: Pick<Jobs, "callbackKeys">): KeyRing {
  let known: readonly string[] = [];
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<readonly string[]> | undefined;
  const read = async () => {
    try {
      known = await jobs.callbackKeys();
      readAt = performance.now();
    } catch (error) {
      if (known.length === 0) throw error;
    } finally {
      reading = undefined;
    }
    return known;
  };
  return { keys: () => (performance.now() - readAt < keepMs ? known : (reading ??= read())) };
}
