import type { Jobs, TaskFilter } from "#db/jobs";
import type { Log } from "../log/log.ts";
import type { ClaimCursor, Reach } from "./claim-cursor.ts";
import type { HeldJobs } from "./held-jobs.ts";
import type { Settler } from "./settle.ts";
import type { Slots } from "./slots.ts";
import { createStrays } from "./strays.ts";
import { type TaskHealth, trialsPerLook } from "./task-health.ts";
import type { WorkerRun } from "./worker-run.ts";

/** What looking for due jobs needs. */
export type LookOptions = {
  readonly jobs: Pick<Jobs, "getJobs" | "releaseStrays">;
  readonly run: Pick<WorkerRun, "current" | "lose" | "keeps">;
  readonly held: HeldJobs;
  readonly settler: Pick<Settler, "takeCompleted">;
  readonly health: TaskHealth;
  readonly tasks: readonly string[] | null;
  readonly slots: Slots;
  readonly back: ClaimCursor;
  /** Called when a look beside the others is over, whatever it found. */
  readonly onBesideOver: () => void;
  readonly log: Log;
};

/** What a look found: as much as was wanted, so that more may be due; some, and no more is due; or nothing. */
export type Found = "enough" | "some" | "nothing";

/** Looks for due jobs, and claims them. */
export type Look = {
  /** Claims once for all free slots. */
  readonly once: () => Promise<Found>;
  /** Resolves when no look beside is under way. */
  readonly whenNoneBeside: () => Promise<void>;
  /** Makes it look for jobs that are leased to this worker without its knowing, before it claims again. */
  readonly mayHaveStrays: () => void;
  /** Whether the last look left tasks out for want of slots: whatever frees one, they are to be looked for again. */
  readonly hasLeftOut: () => boolean;
};

/** How much to claim, of which tasks, and for which run. */
type Wanted = { readonly worker: string; readonly limit: number; readonly filter: TaskFilter };

/** How many jobs a claim handed to the slots, and whether there may be more. */
type Handed = { readonly count: number; readonly mayBeMore: boolean };

/**
 * Gives a function that claims once and tells what it handed to the slots. Without a reach it looks at
 * everything and is not one of the row of looks: the place of a job on trial says nothing of where the next ones are.
 */
function createClaim({ jobs, run, settler, slots, back }: LookOptions, onFailed: () => void) {
  return async ({ worker, limit, filter }: Wanted, reach: Reach | null): Promise<Handed> => {
    const startedAt = performance.now();
    const completed = reach?.isBeside ? null : settler.takeCompleted();
    try {
      const floors = reach?.floors ?? null;
      const leases = completed?.leases ?? [];
      const found = await jobs.getJobs({
        run: worker,
        limit,
        tasks: filter,
        floors,
        maxBytes: slots.wantedBytes(),
        completed: leases,
      });
      completed?.written(found.refused);
      const ms = performance.now() - startedAt;
      const { blocks, jobs: claimed, mayBeMore } = found;
      if (!reach?.isBeside) slots.claimTook(ms, mayBeMore);
      if (reach !== null) back.looked({ reach, blocks, claimed, wasFilled: mayBeMore });
      // The answer may have waited, as while the process stood still: then the jobs are others' by now, or soon will be.
      if (!run.keeps(worker)) return { count: 0, mayBeMore };
      claimed.forEach(slots.add);
      return { count: claimed.length, mayBeMore };
    } catch (error) {
      onFailed();
      slots.claimFailed();
      completed?.putBack();
      if (reach !== null) back.failed(reach);
      if (error instanceof Error && error.message === "LEASE_LOST") run.lose(worker, "a claim was refused");
      throw error;
    }
  };
}

/**
 * Gives a way to look for due jobs.
 *
 * A look at everything that is slow, while jobs are plenty, goes on beside the others, at most one: with an old snapshot
 * held elsewhere it takes seconds, in which the slots would run empty. It takes no completed jobs along, which would wait.
 */
export function createLook(options: LookOptions): Look {
  const { jobs, run, held, health, tasks, slots, back, log } = options;
  const strays = createStrays();
  let beside: Promise<void> | null = null;
  let hasLeftOut = false;

  const claim = createClaim(options, strays.mayCome);

  const startBeside = (wanted: Wanted, reach: Reach) => {
    beside = claim(wanted, reach)
      .catch((error: unknown) => log.warn("cannot look at all jobs; trying again", { error }))
      .then(() => {
        beside = null;
        options.onBesideOver();
      });
  };

  const giveBackStrays = async (worker: string) => {
    await beside;
    const count = await jobs.releaseStrays(worker, held.ids());
    strays.looked();
    if (count > 0) log.warn("gave back jobs whose claim was lost with the connection", { count });
  };

  const tryResting = async (worker: string): Promise<{ readonly mayBeMore: boolean }> => {
    const untried = new Set(health.startTrials(Date.now()));
    const mayBeMore = untried.size === trialsPerLook;
    try {
      for (const task of untried) {
        if (slots.wanted() === 0) break;
        const trial = { worker, limit: 1, filter: { only: [task], except: null } };
        const found = await claim(trial, null);
        untried.delete(task);
        if (found.count === 0) health.forget(task);
      }
    } finally {
      // Where a claim failed too: a trial that nobody ends would keep its task out for ever.
      untried.forEach(health.endTrial);
    }
    return { mayBeMore };
  };

  const once = async (): Promise<Found> => {
    const worker = await run.current();
    if (strays.isDue()) await giveBackStrays(worker);
    const trials = await tryResting(worker);
    const limit = slots.wanted();
    if (limit === 0) return "enough";
    const leftOut = slots.leftOut();
    hasLeftOut = leftOut.length > 0;
    const except = [...health.resting(), ...leftOut];
    const wanted = { worker, limit, filter: { only: tasks, except: except.length === 0 ? null : except } };
    let reach = back.reach();
    if (reach.isBeside) {
      startBeside(wanted, reach);
      reach = back.reach();
    }
    const { count, mayBeMore } = await claim(wanted, reach);
    return mayBeMore || trials.mayBeMore ? "enough" : count > 0 ? "some" : "nothing";
  };

  return {
    once,
    whenNoneBeside: async () => {
      await beside;
    },
    mayHaveStrays: strays.mayCome,
    hasLeftOut: () => hasLeftOut,
  };
}
