import type { Floors, LeasedJob } from "#db/jobs";

/** A look at the database that is over. */
export type Look = {
  /** What it was limited to; null where it was at everything. */
  readonly floors: Floors;
  readonly ms: number;
  readonly claimed: readonly Pick<LeasedJob, "priority" | "runAt">[];
};

/** How far back looks for due jobs go. */
export type LookBack = {
  /** Gives the floors for the next look: by priority, the run_at before which it need not look; null for everything. */
  readonly floors: () => Floors;
  readonly looked: (look: Look) => void;
  /** Gives the floors of the last look. */
  readonly lastFloors: () => Floors;
  /** In how many ms the next look at everything comes, 0 or less when the last one was one; then a sleep is safe. */
  readonly untilWholeMs: () => number;
};

/** A look at everything that takes longer than this, beside what its jobs cost, is rationed. */
const slowMs = 2;

/** What claiming one job costs, in ms: 10 to 25 µs measured, with room. */
const claimedJobMs = 0.03;

/** Share of the time that looks at everything may take, once they are slow. */
const wholeShare = 0.05;

/** How far back the shortest look goes, in ms. */
const shortestMs = 100;

/** With more priorities than this in use, every look is at everything. */
const prioritiesLimit = 32;

/**
 * Gives a worker's way not to pass again and again what it has claimed already.
 *
 * The entry of a claimed job stays in the index until it may be cleared, and a session that holds an old snapshot (a backup,
 * a forgotten transaction) forbids that for as long as it lives. After minutes of it a look at everything passes millions
 * of dead entries, for seconds. So, as soon as such looks are slow, others start from what was last claimed, less a
 * margin for jobs that were committed late or given back: short for most, and twice as long for every fourth, four times
 * for every sixteenth, and so on, so that each length costs half of the one before and a job that is late by t is seen after
 * some t of looking. Looks at everything go on, for a twentieth of the time. In an ordinary hour none of this happens.
 */
export function createLookBack(now: () => number = () => performance.now()): LookBack {
  const latest = new Map<number, number>();
  let wholeMs = 0;
  let wholeAt = Number.NEGATIVE_INFINITY;
  let last: Floors = null;
  let count = 0;

  const untilDue = () => (wholeMs <= slowMs ? 0 : wholeAt + wholeMs / wholeShare - now());

  return {
    floors: () => {
      if (untilDue() <= 0 || latest.size === 0 || latest.size > prioritiesLimit) return null;
      count += 1;
      const backMs = shortestMs * 2 ** Math.floor(trailingZeros(count) / 2);
      const floors = [...latest].map(([priority, at]) => [priority, new Date(at - backMs).toISOString()]);
      return Object.fromEntries(floors);
    },
    looked: ({ floors, ms, claimed }) => {
      last = floors;
      if (floors === null) [wholeMs, wholeAt] = [ms - claimed.length * claimedJobMs, now()];
      for (const { priority, runAt } of claimed)
        latest.set(priority, Math.max(latest.get(priority) ?? 0, runAt.getTime()));
    },
    lastFloors: () => last,
    untilWholeMs: () => (last === null ? 0 : untilDue()),
  };
}

function trailingZeros(count: number): number {
  return 31 - Math.clz32(count & -count);
}
