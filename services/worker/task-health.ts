/** Which tasks are out of reach, and when to try them again. */
export type TaskHealth = {
  /** Notes that a function was not reached. */
  readonly unreachable: (task: string, now: number) => void;
  /** Notes that a function answered, whatever it said; true where that ends a rest, so that its other jobs may be claimed. */
  readonly reached: (task: string) => boolean;
  /** Gives the tasks that ordinary claims leave out. */
  readonly resting: () => string[];
  /** Gives tasks of which one job may be tried now, at most `trialsPerLook`; each stays on trial until it answers or endTrial. */
  readonly startTrials: (now: number) => string[];
  /** Ends a trial that came to nothing: there was no slot for it, or its request was given up. */
  readonly endTrial: (task: string) => void;
  /** Forgets a task of which nothing was due for its trial. */
  readonly forget: (task: string) => void;
  /** Gives the ms until a rest ends; null when none does. */
  readonly nextTrialMs: (now: number) => number | null;
};

const firstRestMs = 1_000;
const longestRestMs = 30_000;

/** Tasks that rest at most: each is a claim of its own when its rest ends, and a step of every other one. Enqueuers name tasks. */
const restsLimit = 256;

/** Trials at most between two looks for all the other jobs, since each is a claim of its own. */
export const trialsPerLook = 8;

type Rest = { restMs: number; tryAt: number; onTrial: boolean };

/**
 * Slows dispatch to functions that cannot be reached, so that a function that is down costs one request now and then,
 * and not one for each of its waiting jobs.
 *
 * A task that was unreachable rests for 1 s, then one of its jobs is tried; each time that fails too, the rest doubles, up
 * to 30 s. The first answer ends it. Failures that come in during a rest belong to requests sent before it. Of too many tasks
 * the one that rests longest is forgotten.
 */
export function createTaskHealth(): TaskHealth {
  const rests = new Map<string, Rest>();
  return {
    unreachable: (task, now) => {
      const rest = rests.get(task);
      if (rest !== undefined && !rest.onTrial) return;
      const restMs = rest === undefined ? firstRestMs : Math.min(rest.restMs * 2, longestRestMs);
      const [oldest] = rest === undefined && rests.size >= restsLimit ? rests.keys() : [];
      if (oldest !== undefined) rests.delete(oldest);
      rests.set(task, { restMs, tryAt: now + restMs, onTrial: false });
    },
    reached: (task) => rests.delete(task),
    resting: () => [...rests.keys()],
    startTrials: (now) => {
      const due = [...rests].filter(([, rest]) => !rest.onTrial && now >= rest.tryAt).slice(0, trialsPerLook);
      for (const [, rest] of due) rest.onTrial = true;
      return due.map(([task]) => task);
    },
    endTrial: (task) => {
      const rest = rests.get(task);
      if (rest !== undefined) rest.onTrial = false;
    },
    forget: (task) => {
      rests.delete(task);
    },
    nextTrialMs: (now) => {
      const waits = [...rests.values()].map((rest) => rest.tryAt - now).filter((wait) => wait > 0);
      return waits.length === 0 ? null : Math.min(...waits);
    },
  };
}
