/** Schedules that are left alone for a while, so that one that fails or takes long costs the others nothing. */
export type Rests = {
  /** Rests a schedule after a failure, twice as long as after the one before; gives for how long, in seconds. */
  readonly fail: (id: string) => number;
  /** Rests a schedule for a second, as when another scheduler has it. */
  readonly pause: (id: string) => void;
  /** Ends a series of failures. */
  readonly succeed: (id: string) => void;
  /**
   * Rests schedules until what is done for them, which takes long, is over; one of them may be why, so all are doubted. Resolves at once, or,
   * where more than `most` such things are under way, when one is over.
   */
  readonly leave: (ids: readonly string[], way: UnderWay) => Promise<void>;
  /** Doubts schedules no more: they took no time. */
  readonly trust: (ids: readonly string[]) => void;
  /** Whether a schedule may take long or fail, so that others should not share its transaction. */
  readonly isDoubted: (id: string) => boolean;
  /** Gives the ids that rest now. */
  readonly ids: () => string[];
  /** Gives how long until the first of them is due again, in ms; null when none rests. */
  readonly nextEndMs: () => number | null;
};

type UnderWay = { readonly acting: Promise<void>; readonly most: number };

type Rest = { readonly until: number; readonly failures: number };

const firstRestSeconds = 1;
const longestRestSeconds = 300;

/** How often it is looked for the end of what takes long, in ms. */
const lookMs = 1_000;

// Of schedules that were removed nobody hears any more.
const mostDoubted = 10_000;

/** Gives an empty list of rests. `clock` gives milliseconds that only go forward. */
export function createRests(clock: () => number): Rests {
  const rests = new Map<string, Rest>();
  const underWay = new Map<Promise<void>, readonly string[]>();
  const doubted = new Set<string>();
  const left = ({ until }: Rest) => until - clock();

  // A schedule that was removed never succeeds again, so old series are dropped.
  const forgetOld = () => {
    for (const [id, rest] of rests) if (left(rest) < -longestRestSeconds * 1000) rests.delete(id);
  };

  return {
    fail: (id) => {
      const failures = (rests.get(id)?.failures ?? 0) + 1;
      const seconds = Math.min(longestRestSeconds, firstRestSeconds * 2 ** (failures - 1));
      rests.set(id, { until: clock() + seconds * 1000, failures });
      return seconds;
    },
    pause: (id) => {
      rests.set(id, { until: clock() + firstRestSeconds * 1000, failures: 0 });
    },
    succeed: (id) => {
      rests.delete(id);
    },
    leave: async (ids, { acting, most }) => {
      if (doubted.size > mostDoubted) doubted.clear();
      for (const id of ids) doubted.add(id);
      // What it fails with, the next look meets as well.
      const over = acting.catch(() => undefined).then(() => void underWay.delete(over));
      underWay.set(over, ids);
      if (underWay.size > most) await Promise.race(underWay.keys());
    },
    trust: (ids) => {
      for (const id of ids) doubted.delete(id);
    },
    isDoubted: (id) => doubted.has(id) || (rests.get(id)?.failures ?? 0) > 0,
    ids: () => {
      forgetOld();
      const resting = [...rests].filter(([, rest]) => left(rest) > 0).map(([id]) => id);
      return [...resting, ...[...underWay.values()].flat()];
    },
    nextEndMs: () => {
      const ends = [...rests.values()].map(left).filter((ms) => ms > 0);
      if (underWay.size > 0) ends.push(lookMs);
      return ends.length === 0 ? null : Math.min(...ends);
    },
  };
}
