import { isRowHeld, isTransient } from "#db/is-transient";
import type { Jobs, LeasedJob } from "#db/jobs";
import type { WorkerOrders } from "#db/worker-runs";
import { createKeyRing } from "../callback-token/key-ring.ts";
import type { Loop, Loops } from "../health/loops.ts";
import type { Log } from "../log/log.ts";
import { createCancellations } from "./cancellations.ts";
import { createHeldJobs, type HeldJobs } from "./held-jobs.ts";
import { createHttpClient } from "./http/http-client.ts";
import { createProxies } from "./http/proxies.ts";
import { type MadeRequest, performJob } from "./perform-job.ts";
import { createRequestSigner, createTaskUrls, prepareRequest } from "./prepare-request.ts";
import { createSettler, type Settler } from "./settle.ts";
import type { WorkerSettings } from "./start-worker.ts";
import { createTaskHealth, type TaskHealth } from "./task-health.ts";
import { createTaskLimits, type Limits } from "./task-limits.ts";
import { createWakeOthers } from "./wake-others.ts";

/** What the flight uses. */
export type FlightOptions = {
  readonly jobs: Jobs;
  readonly loops: Loops;
  readonly log: Log;
  /** Whether the lease of this worker's run still lasts. */
  readonly keepsLease: () => boolean;
  /** Whether this worker claims no more. */
  readonly isStopping: () => boolean;
};

/** The jobs on their way to functions and back. */
export type Flight = {
  readonly held: HeldJobs;
  readonly settler: Settler;
  readonly health: TaskHealth;
  /** Takes a claimed job to its settled outcome, and gives whether something may be due after it. Never rejects. */
  readonly perform: (job: LeasedJob, onAnswered: () => void) => Promise<boolean>;
  /** Does what the database has told with a beat. */
  readonly heed: (orders: WorkerOrders) => void;
  /** Breaks all requests off, as their leases are lost, and forgets their outcomes. */
  readonly giveUp: () => void;
  /** The same for good. */
  readonly close: () => void;
};

/** Puts together what takes jobs to their functions and outcomes back. */
export function createFlight(
  settings: WorkerSettings,
  { jobs, loops, log, keepsLease, isStopping }: FlightOptions,
): Flight {
  const wakeOthers = createWakeOthers(jobs, log);
  const held = createHeldJobs();
  const health = createTaskHealth();
  const settler = createSettler({
    jobs: watchOutcomes(jobs, loops.add("outcomes")),
    callbackSeconds: settings.JOBS_CALLBACK_TIMEOUT_SECONDS,
    unreachableLimitSeconds: settings.JOBS_UNREACHABLE_HOURS * 3600,
    log,
  });
  const client = createHttpClient({
    proxies: createProxies(settings),
    mostIdle: settings.JOBS_CONCURRENCY,
    maySend: keepsLease,
  });
  const cancellations = createCancellations({ client, log });
  const limits = createTaskLimits(settings.JOBS_TIMEOUT_SECONDS);
  const options = {
    request: createRequestMaker(settings, jobs),
    client,
    settler,
    health,
    limits,
    cancellations,
    retryAfterMaxSeconds: settings.JOBS_RETRY_AFTER_MAX_SECONDS,
    // A worker that goes on looks again by itself.
    onLeft: (what: "queue" | "retry") => {
      if (isStopping() || (what === "queue" && !settings.JOBS_SUPPORT_ANY)) wakeOthers();
    },
    log,
  };
  // Changes whenever all leases are lost, so that what was about to be sent under one is not.
  let era = 0;
  const giveUp = () => {
    era += 1;
    client.giveUp();
    settler.abandon();
  };
  return {
    held,
    settler,
    health,
    perform: (job, onAnswered) => {
      const begun = era;
      return performJob(job, options, { isLeased: () => begun === era && keepsLease(), onAnswered });
    },
    heed: (orders) => {
      limits.replace(orders.policies);
      cancellations.heed(orders.cancelled);
    },
    giveUp,
    close: () => {
      giveUp();
      client.close();
    },
  };
}

/** Gives the same calls, each of which tells its loop whether the database took it; what it refuses of one job is no failure of all. */
function watchOutcomes(jobs: Jobs, loop: Loop): Jobs {
  const watch =
    <Args extends unknown[], Answer>(call: (...args: Args) => Promise<Answer>) =>
    async (...args: Args): Promise<Answer> => {
      try {
        const answer = await call(...args);
        loop.succeeded();
        return answer;
      } catch (error) {
        if (isTransient(error) && !isRowHeld(error)) loop.failed(error);
        throw error;
      }
    };
  return {
    ...jobs,
    completeJobs: watch(jobs.completeJobs),
    failJobs: watch(jobs.failJobs),
    acceptJobs: watch(jobs.acceptJobs),
  };
}

function createRequestMaker(settings: WorkerSettings, jobs: Jobs) {
  const ring = createKeyRing(jobs);
  const sign = createRequestSigner(settings.JOBS_SIGNING_SECRETS);
  const targetOf = createTaskUrls({
    baseUrl: settings.KNATIVE_SERVICE_URL ?? settings.INTERNAL_GATEWAY_URL,
    overrides: settings.INTERNAL_GATEWAY_DEVELOPMENT_MAP,
  });
  const made = (
    job: LeasedJob,
    limits: Limits,
    key: string | undefined,
  ): MadeRequest | Promise<MadeRequest> => {
    if (key === undefined)
      throw new Error(
        "Cannot sign a callback token: the table callback_keys is empty. It is mended within minutes, or by: select * from app_jobs.repair()",
      );
    const now = new Date();
    const request = prepareRequest(job, {
      workerId: settings.HOSTNAME,
      targetOf,
      callbackUrl: settings.callbackUrl,
      key,
      limits,
      now,
    });
    return sign === null || "fault" in request ? request : sign(request, now);
  };
  return (job: LeasedJob, limits: Limits) => {
    const keys = ring.keys();
    return keys instanceof Promise
      ? keys.then(([key]) => made(job, limits, key))
      : made(job, limits, keys[0]);
  };
}
