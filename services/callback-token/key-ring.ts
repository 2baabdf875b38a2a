import type { Jobs } from "#db/jobs";

/** The keys that sign callback tokens, kept at hand. */
export type KeyRing = {
  /** Gives the keys, the newest first: at once where they are at hand, and read anew when they are older than a minute. */
  readonly keys: () => readonly string[] | Promise<readonly string[]>;
  /**
   * The same for who has met a signature that none of them made: read anew, unless strangers have had that done too often. Rejects
   * where the database is away, as the signature may be right.
   */
  readonly renewed: () => readonly string[] | Promise<readonly string[]>;
};

const keepMs = 60_000;

/** So many reads may unknown signatures cause at once, and one a second after that. */
const renewals = 10;
const renewalMs = 1_000;

/**
 * Gives a key ring that reads the database's keys when first asked. A database that is away leaves the known ones in use. Who asks
 * while they are read waits for the same answer: strangers must not make a query for each forged token.
 *
 * A worker may sign with a new key as soon as that is in the database, so that an unknown signature is no forgery until the keys
 * are read anew.
 */
export function createKeyRing(
  jobs: Pick<Jobs, "callbackKeys">,
  now: () => number = () => performance.now(),
): KeyRing {
  let known: readonly string[] = [];
  let readAt = Number.NEGATIVE_INFINITY;
  let left = renewals;
  let countedAt = now();
  let reading: Promise<readonly string[]> | undefined;
  const read = async () => {
    try {
      known = await jobs.callbackKeys();
      readAt = now();
      return known;
    } finally {
      reading = undefined;
    }
  };
  const current = () => (reading ??= read());
  const orKnown = (error: unknown) => {
    if (known.length === 0) throw error;
    return known;
  };
  const mayRenew = () => {
    const at = now();
    left = Math.min(renewals, left + (at - countedAt) / renewalMs);
    countedAt = at;
    if (left < 1) return false;
    left -= 1;
    return true;
  };
  return {
    keys: () => (now() - readAt < keepMs ? known : current().catch(orKnown)),
    renewed: () => (reading === undefined && !mayRenew() ? known : current()),
  };
}
