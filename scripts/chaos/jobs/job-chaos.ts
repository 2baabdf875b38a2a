import { setTimeout as pause } from "node:timers/promises";
import { onlyRow } from "../../../db/client/connect.ts";
import { until } from "../../../services/testing/until.ts";
import { createFaultLog, watchStalls } from "./create-fault-log.ts";
import { disturb } from "./disturb.ts";
import type { DisturbanceName } from "./disturbances.ts";
import { createEnqueuer, watchJobs } from "./enqueue-jobs.ts";
import { type End, judgeRun } from "./judge-run.ts";
import { planJobs, type Temper } from "./plan-jobs.ts";
import { type JobChaosReport, reportRun } from "./report-run.ts";
import { seededRandom } from "./seeded-random.ts";
import { type Stage, setStage } from "./stage.ts";

/** What to run. */
export type JobChaosOptions = {
  readonly jobs: number;
  readonly seed: number;
  readonly workers: number;
  /** Requests in flight per worker. */
  readonly concurrency: number;
  readonly leaseSeconds: number;
  /** Which disturbances, in rounds, each in an order that the seed gives. */
  readonly names: readonly DisturbanceName[];
  readonly rounds: number;
  readonly temper: Temper;
  /** Called with a line whenever something is disturbed. */
  readonly tell?: (line: string) => void;
};

/** For functions and callbacks that do everything wrong: how long one is waited for, in seconds. */
const shortSeconds = 3;
/** The same for those that do well; a call that takes so long is a fault of the run. */
const longSeconds = 60;
const patienceMs = 300_000;

/** Enqueues jobs while everything is disturbed, waits until they have ended, and judges. */
export async function runJobChaos(options: JobChaosOptions): Promise<JobChaosReport> {
  const startedAt = performance.now();
  const random = seededRandom(options.seed);
  const jobs = planJobs({ count: options.jobs, random, temper: options.temper });
  const faults = createFaultLog();
  const timeoutSeconds = options.temper === "all" ? shortSeconds : longSeconds;
  using _ = watchStalls(faults);
  await using stage = await setStage({
    jobs,
    faults,
    workers: options.workers,
    callbackTimeoutSeconds: timeoutSeconds,
    workerEnv: {
      JOBS_LEASE_SECONDS: String(options.leaseSeconds),
      JOBS_TIMEOUT_SECONDS: String(timeoutSeconds),
      JOBS_CONCURRENCY: String(options.concurrency),
    },
  });
  await watchJobs(stage.database);
  await using enqueuer = createEnqueuer(stage, jobs);
  const over = new AbortController();
  const hurrying = hurryRetries(stage, over.signal);
  const { failed, recoveries, calmFrom } = await disturb(options, { stage, random, faults, enqueuer });
  await untilDone(stage);
  // What is left comes when all is calm.
  await enqueuer.enqueue(enqueuer.left());
  await untilDone(stage);
  over.abort();
  await hurrying;

  const { enqueued, ended } = await readNotes(stage);
  const { broken, repeats } = judgeRun({
    jobs,
    answeredAt: enqueuer.answeredAt,
    enqueued,
    ended,
    left: await countLeft(stage),
    calls: stage.fn.calls,
    faults: faults.all,
    limits: { leaseMs: options.leaseSeconds * 1000, timeoutMs: timeoutSeconds * 1000 },
    fallen: stage.fallen,
  });
  return {
    ...reportRun({
      stage,
      jobs,
      enqueued,
      ended,
      answeredAt: enqueuer.answeredAt,
      faults: faults.all,
      recoveries,
      calmFrom,
    }),
    repeats,
    broken: [...broken, ...failed],
    seconds: (performance.now() - startedAt) / 1000,
  };
}

/** Reads what the database has noted; the times become this process's. */
async function readNotes({ database: { insist } }: Stage) {
  const enqueued = (await insist<{ n: number }>("select n from public.enqueued")).map(({ n }) => n);
  const ended = await insist<End>(
    "select n, how, attempt, worker, ms - $1 as at from public.ended order by place",
    [performance.timeOrigin],
  );
  return { enqueued, ended };
}

/** Lets failed jobs run at once: their backoff would be most of a run. */
async function hurryRetries({ database }: Stage, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await database
      .ask(
        `select from app_jobs.reschedule_jobs(
          array(
            select id
            from app_jobs.jobs
            where locked_at is null and attempts < max_attempts and run_at > now() + interval '1 second'
          ),
          run_at => now()
        )`,
      )
      .catch(() => undefined);
    await pause(500, undefined, { signal }).catch(() => undefined);
  }
}

/** Waits until no job is left; what is left after all that time is found by the judge. */
async function untilDone(stage: Stage): Promise<void> {
  const isDone = async () => {
    await pause(50);
    return (await countLeft(stage)) === 0;
  };
  await until("no job is left", isDone, patienceMs).catch(() => undefined);
}

async function countLeft({ database }: Stage): Promise<number> {
  const rows = await database.insist<{ left: number }>("select count(*)::int as left from app_jobs.jobs");
  return onlyRow(rows).left;
}
