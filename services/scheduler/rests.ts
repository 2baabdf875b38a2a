/** Schedules that are left alone for a while, so that one that fails costs the others nothing. */
export type Rests = {
  /** Rests a schedule after a failure, twice as long as after the one before; gives for how long, in seconds. */
  readonly fail: (id: string) => number;
  /** Rests a schedule for a second, as when another scheduler has it. */
  readonly pause: (id: string) => void;
  /** Ends a series of failures. */
  readonly succeed: (id: string) => void;
  /** Gives the ids that rest now. */
  readonly ids: () => string[];
  /** Gives how long until the first of them is due again, in ms; null when none rests. */
  readonly nextEndMs: () => number | null;
};

type Rest = { readonly until: number; readonly failures: number };

const firstRestSeconds = 1;
const longestRestSeconds = 300;

/** Gives an empty list of rests. `clock` gives milliseconds that only go forward. */
export function createRests(clock: () => number): Rests {
  const rests = new Map<string, Rest>();
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
    ids: () => {
      forgetOld();
      return [...rests].filter(([, rest]) => left(rest) > 0).map(([id]) => id);
    },
    nextEndMs: () => {
      const ends = [...rests.values()].map(left).filter((ms) => ms > 0);
      return ends.length === 0 ? null : Math.min(...ends);
    },
  };
}
