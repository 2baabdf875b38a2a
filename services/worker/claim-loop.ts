import type { Jobs, TaskFilter } from "#db/jobs";
import type { Log } from "../log/log.ts";
import type { HeldJobs } from "./held-jobs.ts";
import { createLookBack, type LookBack } from "./look-back.ts";
import { createRest, type Rest } from "./rest.ts";
import type { Settler } from "./settle.ts";
import { createSlots, type Slots, type SlotsOptions } from "./slots.ts";
import type { TaskHealth } from "./task-health.ts";
import { createWakeSignal } from "./wake-signal.ts";
import type { WorkerRun } from "./worker-run.ts";

/** What a claim loop needs. */
export type ClaimLoopOptions = {
  readonly jobs: Pick<Jobs, "getJobs" | "nextJob" | "restWorker" | "releaseStrays">;
  readonly run: Pick<WorkerRun, "current" | "lose">;
  readonly perform: SlotsOptions["perform"];
  /** Whether notifications reach this process at the moment. */
  readonly hears: () => boolean;
  readonly held: HeldJobs;
  readonly settler: Pick<Settler, "takeCompleted">;
  readonly health: TaskHealth;
  readonly concurrency: number;
  /** The tasks that this worker takes; null for all. */
  readonly tasks: readonly string[] | null;
  readonly pollSeconds: number;
  readonly log: Log;
};

/** A loop that keeps the slots of a worker filled. */
export type ClaimLoop = {
  /** Makes it look at once: something may be due. */
  readonly wake: () => void;
  /** The same, told by the database. */
  readonly notified: () => void;
  /** Forgets the jobs that were not started: their lease is lost. */
  readonly forgetUnstarted: () => void;
  /** Stops claiming, gives back what was not started, and resolves. Jobs in flight go on. */
  readonly stop: () => Promise<void>;
};

/** How long a job may be claimed without being started, in ms, before another worker should have it. */
const patienceMs = 1_000;

/**
 * Claims as many jobs as the slots want, whenever there may be some: one alone at low load, hundreds at high load.
 *
 * A claim that comes back short means that nothing more is due; then the loop sleeps until
 * a notification, a settled job, the next job's time, or the poll, whichever is first. Notifications only shorten that
 * sleep: polling alone finds every job.
 */
export function startClaimLoop(options: ClaimLoopOptions): ClaimLoop {
  const signal = createWakeSignal();
  const slots = createSlots({ ...options, onFree: signal.wake });
  const back = createLookBack();
  const look = createLook(options, slots, back);
  const rest = createRest({ ...options, back });
  const stopping = new AbortController();

  const running = (async () => {
    let failures = 0;
    while (!stopping.signal.aborted) {
      try {
        if (slots.waitedMs() > patienceMs) await giveBackUnstarted(options, slots);
        const found = slots.wanted() === 0 ? "enough" : await look();
        failures = 0;
        if (found !== "enough")
          await signal.wait(await sleepMs(rest, { ...options, hasFound: found === "some" }));
        else if (slots.wanted() === 0)
          await signal.wait(slots.waitedMs() > 0 ? patienceMs : options.pollSeconds * 1000);
      } catch (error) {
        failures += 1;
        options.log.warn("cannot claim jobs; trying again", { error, failures });
        await signal.wait(Math.min(5_000, 100 * 2 ** failures));
      }
    }
  })();

  return {
    wake: signal.wake,
    notified: () => {
      rest.notified();
      signal.wake();
    },
    forgetUnstarted: () => {
      slots.takeBack();
    },
    stop: async () => {
      stopping.abort();
      signal.wake();
      await running;
      await giveBackUnstarted(options, slots);
    },
  };
}

/** What a look found: as much as was wanted, so that more may be due; some, and no more is due; or nothing. */
type Found = "enough" | "some" | "nothing";

/** Gives a function that claims once for all free slots. */
function createLook(
  { jobs, run, held, settler, health, tasks, log }: ClaimLoopOptions,
  slots: Slots,
  back: LookBack,
): () => Promise<Found> {
  let mayHoldStrays = false;

  const claim = async (worker: string, limit: number, filter: TaskFilter): Promise<number> => {
    mayHoldStrays = true;
    const startedAt = performance.now();
    const reach = back.reach();
    const completed = settler.takeCompleted();
    const leases = completed.leases;
    const found = await jobs
      .getJobs({ run: worker, limit, tasks: filter, floors: reach.floors, completed: leases })
      .catch((error: unknown) => {
        completed.putBack();
        if (error instanceof Error && error.message === "LEASE_LOST") run.lose(worker, "a claim was refused");
        throw error;
      });
    mayHoldStrays = false;
    completed.written(found.refused);
    const claimed = found.jobs;
    const ms = performance.now() - startedAt;
    slots.claimTook(ms);
    const wasFilled = claimed.length === limit;
    back.looked({ reach, ms, claimed, completed: leases.length, wasFilled });
    claimed.forEach(slots.add);
    return claimed.length;
  };

  const giveBackStrays = async (worker: string) => {
    const count = await jobs.releaseStrays(worker, held.ids());
    mayHoldStrays = false;
    if (count > 0) log.warn("gave back jobs whose claim was lost with the connection", { count });
  };

  return async () => {
    const worker = await run.current();
    if (mayHoldStrays) await giveBackStrays(worker);
    for (const task of health.startTrials(Date.now())) {
      const found = slots.wanted() > 0 ? await claim(worker, 1, { only: [task], except: null }) : 0;
      if (found === 0) health.endTrial(task);
    }
    const limit = slots.wanted();
    if (limit === 0) return "enough";
    const resting = health.resting();
    const except = resting.length === 0 ? null : resting;
    const count = await claim(worker, limit, { only: tasks, except });
    return count === limit ? "enough" : count > 0 ? "some" : "nothing";
  };
}

async function giveBackUnstarted({ jobs, run, held, log }: ClaimLoopOptions, slots: Slots): Promise<void> {
  if (slots.takeBack().length === 0) return;
  try {
    const count = await jobs.releaseStrays(await run.current(), held.ids());
    log.info("jobs given back that were not started", { count });
  } catch (error) {
    log.warn("cannot give jobs back yet", { error });
  }
}

async function sleepMs(
  rest: Rest,
  { health, hasFound }: ClaimLoopOptions & { readonly hasFound: boolean },
): Promise<number> {
  const ms = await rest.sleepMs(hasFound);
  return Math.min(ms, health.nextTrialMs(Date.now()) ?? ms);
}
