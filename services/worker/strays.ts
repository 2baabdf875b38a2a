/** Remembers that jobs may be claimed for this worker that it does not know of. */
export type Strays = {
  /** A claim's answer was lost: what it claimed, or is still to claim, is to be given back. */
  readonly mayCome: () => void;
  /** Whether to look for them now. */
  readonly isDue: () => boolean;
  /** They were looked for. */
  readonly looked: () => void;
};

/** After so long no claim arrives that was lost on its way, in ms: TCP itself gives up after a quarter of an hour. */
const longestMs = 20 * 60_000;

/**
 * Tells when to look for strays: at once after a lost claim, and again after pauses that double, for a while.
 *
 * Once is not enough. A statement whose connection we gave up may lie in a queue of the network and reach the server later;
 * what it claims then would stay leased to this worker, which beats and does not know of it. So it is found after at most
 * twice the time that it was late.
 */
export function createStrays(clock: () => number = () => performance.now()): Strays {
  let lostAt: number | null = null;
  let dueAt = 0;
  return {
    mayCome: () => {
      lostAt = clock();
      dueAt = lostAt;
    },
    isDue: () => lostAt !== null && clock() >= dueAt,
    looked: () => {
      if (lostAt === null) return;
      const sinceMs = clock() - lostAt;
      if (sinceMs > longestMs) lostAt = null;
      dueAt = clock() + Math.max(1_000, sinceMs);
    },
  };
}
