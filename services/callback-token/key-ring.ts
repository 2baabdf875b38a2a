import type { Jobs } from "#db/jobs";

/** The keys that sign callback tokens, kept at hand. */
export type KeyRing = {
  /** Gives the keys, the newest first; read anew when they are older than a minute. */
  readonly keys: () => Promise<readonly string[]>;
};

const keepMs = 60_000;

/** Gives a key ring that reads the database's keys when first asked. A database that is away leaves the known ones in use. */
export function createKeyRing(jobs: Pick<Jobs, "callbackKeys">): KeyRing {
  let known: readonly string[] = [];
  let readAt = Number.NEGATIVE_INFINITY;
  return {
    keys: async () => {
      if (performance.now() - readAt < keepMs) return known;
      try {
        known = await jobs.callbackKeys();
        readAt = performance.now();
      } catch (error) {
        if (known.length === 0) throw error;
      }
      return known;
    },
  };
}
