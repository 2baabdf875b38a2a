import type { Jobs } from "#db/jobs";
import type { Reach } from "../database/await-database.ts";
import { listenOrPoll } from "../database/listen-or-poll.ts";
import { whileAway } from "../database/while-away.ts";
import type { Loops } from "../health/loops.ts";
import type { Log } from "../log/log.ts";
import { startClaimLoop } from "./claim-loop.ts";
import { createFlight } from "./flight.ts";
import { startRepair } from "./repair.ts";
import { startRescue } from "./rescue.ts";
import type { SlotPool } from "./slot-pool.ts";
import type { WorkerSettings } from "./start-worker.ts";
import { startTidying } from "./tidy-completed.ts";
import { startUntakenWatch } from "./untaken.ts";
import { startWorkerRun, type WorkerRun } from "./worker-run.ts";

/** What the parts share. */
export type PartsOptions = {
  readonly jobs: Jobs;
  readonly pool: SlotPool;
  /** Where its loops tell how they fare. */
  readonly loops: Loops;
  readonly log: Log;
  readonly reach: Reach;
};

/** The parts of a worker at work. */
export type Parts = {
  /** Resolves when the worker is registered, and listens or knows that it has to poll. */
  readonly whenReady: () => Promise<void>;
  /** Why it cannot take work at this moment, or null. */
  readonly fault: () => string | null;
  /** What else is to be known of its work, or null. */
  readonly note: () => string | null;
  /** Stops claiming, waits for jobs in flight as long as `patience`, gives back the rest and stops. */
  readonly drain: (patience: Promise<void>) => Promise<void>;
};

/** How often it is looked for tasks that no living worker takes, in seconds. */
const untakenSeconds = 30;

/**
 * Starts a worker's parts on a database that answers: the lease (worker-run), the claims (claim-loop), the rescue of lost
 * jobs, and the listener that wakes the claims.
 */
export function startParts(settings: WorkerSettings, options: PartsOptions): Parts {
  const { jobs, pool, loops, log, reach } = options;
  const stopping = new AbortController();
  const tasks = tasksOf(settings, log);
  const flight = createFlight(settings, {
    jobs,
    loops,
    log,
    keepsLease: () => run.keeps(),
    isStopping: () => stopping.signal.aborted,
  });
  const run = startWorkerRun({
    jobs,
    workerId: settings.HOSTNAME,
    leaseSeconds: settings.JOBS_LEASE_SECONDS,
    tasks,
    loop: loops.add("beats"),
    log,
    onLost: () => {
      claims.forgetUnstarted();
      flight.giveUp();
    },
    onOrders: flight.heed,
  });
  const ear = listenOrPoll(settings, {
    ...reach,
    onNotify: { "jobs:insert": () => claims.notified(), "jobs:orders": run.beatNow },
    log,
  });
  const claims = startClaimLoop({
    jobs,
    hears: ear.isListening,
    run,
    perform: flight.perform,
    held: flight.held,
    settler: flight.settler,
    health: flight.health,
    pool,
    tasks,
    pollSeconds: settings.JOBS_POLL_SECONDS,
    loop: loops.add("claims"),
    log,
  });
  const upkeep = startUpkeep(settings, { ...options, run, onFound: claims.wake });
  return {
    whenReady: async () => {
      await Promise.all([whileAway(run.current, { signal: stopping.signal }), ear.settled]);
    },
    fault: run.fault,
    note: upkeep.note,
    drain: async (patience) => {
      stopping.abort();
      await Promise.all([claims.stop(), ear.stop(), upkeep.stop()]);
      await Promise.race([flight.held.whenNone(), patience]);
      flight.close();
      await flight.held.whenNone();
      await giveBack(run, log);
    },
  };
}

type UpkeepOptions = Pick<PartsOptions, "jobs" | "loops" | "log"> & {
  readonly run: Pick<WorkerRun, "current">;
  /** Called when jobs may be claimed that nothing told of. */
  readonly onFound: () => void;
};

/** Starts what every worker does for all: the rescue of lost jobs, tidying, repair, and the watch over tasks that nobody takes. */
function startUpkeep(settings: WorkerSettings, { jobs, loops, log, run, onFound }: UpkeepOptions) {
  const rescue = startRescue({
    jobs,
    everySeconds: Math.min(2, settings.JOBS_LEASE_SECONDS / 6),
    onRescued: onFound,
    loop: loops.add("rescue"),
    log,
  });
  const tidying = startTidying({ jobs, loop: loops.add("tidying"), log });
  const repair = startRepair({ jobs, onRepaired: onFound, loop: loops.add("repair"), log });
  const untaken = startUntakenWatch({
    // Registered first: what this worker takes is taken.
    untakenTasks: () => run.current().then(jobs.untakenTasks),
    everySeconds: untakenSeconds,
    log,
  });
  return {
    note: untaken.note,
    stop: () => Promise.all([rescue.stop(), tidying.stop(), repair.stop(), untaken.stop()]),
  };
}

/** Gives the tasks that this worker takes, null for all, and says so in the log. */
function tasksOf(settings: WorkerSettings, log: Log): readonly string[] | null {
  const tasks = settings.JOBS_SUPPORT_ANY ? null : settings.JOBS_SUPPORTED;
  if (tasks === null) log.info("takes jobs of every task");
  else log.info("takes jobs of these tasks alone", { tasks });
  return tasks;
}

async function giveBack(run: WorkerRun, log: Log): Promise<void> {
  try {
    const count = await run.end();
    if (count > 0) log.info("jobs given back", { count });
  } catch (error) {
    log.warn("cannot give jobs back; they are taken back when the lease ends", { error });
  }
}
