import type { Jobs } from "#db/jobs";
import type { Reach } from "../database/await-database.ts";
import { listenOrPoll } from "../database/listen-or-poll.ts";
import { whileAway } from "../database/while-away.ts";
import type { Log } from "../log/log.ts";
import { startClaimLoop } from "./claim-loop.ts";
import { createFlight } from "./flight.ts";
import { startRepair } from "./repair.ts";
import { startRescue } from "./rescue.ts";
import type { SlotPool } from "./slot-pool.ts";
import type { WorkerSettings } from "./start-worker.ts";
import { startTidying } from "./tidy-completed.ts";
import { startWorkerRun, type WorkerRun } from "./worker-run.ts";

/** What the parts share. */
export type PartsOptions = {
  readonly jobs: Jobs;
  readonly pool: SlotPool;
  readonly log: Log;
  readonly reach: Reach;
};

/** The parts of a worker at work. */
export type Parts = {
  /** Resolves when the worker is registered, and listens or knows that it has to poll. */
  readonly whenReady: () => Promise<void>;
  /** Why it cannot take work at this moment, or null. */
  readonly fault: () => string | null;
  /** Stops claiming, waits for jobs in flight as long as `patience`, gives back the rest and stops. */
  readonly drain: (patience: Promise<void>) => Promise<void>;
};

/**
 * Starts a worker's parts on a database that answers: the lease (worker-run), the claims (claim-loop), the rescue of lost
 * jobs, and the listener that wakes the claims.
 */
export function startParts(settings: WorkerSettings, { jobs, pool, log, reach }: PartsOptions): Parts {
  const stopping = new AbortController();
  const flight = createFlight(settings, {
    jobs,
    log,
    keepsLease: () => run.keeps(),
    isStopping: () => stopping.signal.aborted,
  });
  const run = startWorkerRun({
    jobs,
    workerId: settings.HOSTNAME,
    leaseSeconds: settings.JOBS_LEASE_SECONDS,
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
    tasks: settings.JOBS_SUPPORT_ANY ? null : settings.JOBS_SUPPORTED,
    pollSeconds: settings.JOBS_POLL_SECONDS,
    log,
  });
  const rescue = startRescue({
    jobs,
    everySeconds: Math.min(2, settings.JOBS_LEASE_SECONDS / 6),
    onRescued: claims.wake,
    log,
  });
  const tidying = startTidying({ jobs, log });
  const repair = startRepair({ jobs, onRepaired: claims.wake, log });

  return {
    whenReady: async () => {
      await Promise.all([whileAway(run.current, { signal: stopping.signal }), ear.settled]);
    },
    fault: () => run.fault() ?? rescue.fault(),
    drain: async (patience) => {
      stopping.abort();
      await Promise.all([claims.stop(), ear.stop(), rescue.stop(), tidying.stop(), repair.stop()]);
      await Promise.race([flight.held.whenNone(), patience]);
      flight.close();
      await flight.held.whenNone();
      await giveBack(run, log);
    },
  };
}

async function giveBack(run: WorkerRun, log: Log): Promise<void> {
  try {
    const count = await run.end();
    if (count > 0) log.info("jobs given back", { count });
  } catch (error) {
    log.warn("cannot give jobs back; they are taken back when the lease ends", { error });
  }
}
