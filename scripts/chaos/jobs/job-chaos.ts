import { setTimeout as pause } from "node:timers/promises";
import { onlyRow, type Sql } from "../../../db/client/connect.ts";
import { until } from "../../../services/testing/until.ts";
import { percentile } from "../../bench/host/percentile.ts";
import { type DisturbanceName, disturbances } from "./disturbances.ts";
import { createEnqueuer, persist, watchJobs } from "./enqueue-jobs.ts";
import { type Disturbed, judgeRun, type Verdict } from "./judge-run.ts";
import type { Call } from "./ledger-function.ts";
import { planJobs } from "./plan-jobs.ts";
import { seededRandom } from "./seeded-random.ts";
import { type Stage, setStage } from "./stage.ts";

/** What to run. */
export type JobChaosOptions = {
  readonly jobs: number;
  readonly seed: number;
  readonly workers: number;
  readonly leaseSeconds: number;
  /** Which disturbances, in rounds, each in an order that the seed gives. */
  readonly names: readonly DisturbanceName[];
  readonly rounds: number;
  /** Called with a line whenever something is disturbed. */
  readonly tell?: (line: string) => void;
};

/** What came of a run. */
export type JobChaosReport = Verdict & {
  readonly jobs: number;
  readonly calls: number;
  readonly dead: number;
  readonly callbacks: Readonly<Record<string, number>>;
  /** From the kill of a worker until another one calls its jobs, in seconds; nothing else is disturbed meanwhile. */
  readonly recovery: {
    readonly jobs: number;
    readonly p50: number;
    readonly p99: number;
    readonly most: number;
  };
  readonly disturbances: Readonly<Record<string, number>>;
  readonly seconds: number;
};

/** A share of the jobs is kept for the end, when all is calm: none of them may be called twice. */
const calmShare = 0.1;
const patienceMs = 120_000;

type Kill = { readonly worker: string; readonly at: number };

/** Enqueues jobs while everything is disturbed, waits until they have ended, and judges. */
export async function runJobChaos(options: JobChaosOptions): Promise<JobChaosReport> {
  const startedAt = performance.now();
  const random = seededRandom(options.seed);
  const jobs = planJobs(options.jobs, random);
  await using stage = await setStage({ jobs, workers: options.workers, leaseSeconds: options.leaseSeconds });
  await watchJobs(stage.sql);
  const enqueuer = createEnqueuer(stage, jobs);
  const over = new AbortController();
  const hurrying = hurryRetries(stage, over.signal);
  const { disturbed, kills } = await disturb(options, { stage, random, enqueuer });
  await untilDone(stage.sql);
  await enqueuer.enqueue(enqueuer.left());
  await untilDone(stage.sql);
  over.abort();
  await hurrying;

  const { sql, fn } = stage;
  const enqueued = (await sql<{ n: number }[]>`select n from public.enqueued`).map(({ n }) => n);
  const ended = await sql<{ n: number; how: string }[]>`select n, how from public.ended order by place`;
  const verdict = judgeRun({
    jobs,
    enqueued,
    ended,
    left: await countLeft(sql),
    calls: fn.calls,
    disturbed,
    fallen: stage.fallen,
  });
  const recovered = kills.flatMap((kill) => recoveryTimes(fn.calls, kill));
  return {
    jobs: jobs.length,
    calls: fn.calls.length,
    dead: ended.filter(({ how }) => how === "dead").length,
    callbacks: Object.fromEntries(fn.callbacks),
    recovery: {
      jobs: recovered.length,
      p50: percentile(recovered, 0.5),
      p99: percentile(recovered, 0.99),
      most: Math.max(0, ...recovered),
    },
    disturbances: countNames(disturbed),
    seconds: (performance.now() - startedAt) / 1000,
    ...verdict,
  };
}

type Parts = {
  readonly stage: Stage;
  readonly random: ReturnType<typeof seededRandom>;
  readonly enqueuer: ReturnType<typeof createEnqueuer>;
};

/** Disturbs one thing after the other, while jobs come. Gives what was disturbed, and the kills that nothing else followed. */
async function disturb(options: JobChaosOptions, { stage, random, enqueuer }: Parts) {
  const disturbed: Disturbed[] = [];
  const kills: Kill[] = [];
  const order = Array.from({ length: options.rounds }, () => random.shuffled(options.names)).flat();
  const share = Math.floor((options.jobs * (1 - calmShare)) / order.length / 2);
  for (const name of order) {
    const from = performance.now();
    options.tell?.(`${(from / 1000).toFixed(1)} s: ${name}`);
    const feeding = feed(enqueuer, share);
    const killed = (worker: string) => {
      if (name === "crash-recovery") kills.push({ worker, at: performance.now() });
    };
    const { run, explains } = disturbances[name];
    // Half of its share while it disturbs; the rest by itself, where enqueuing is the disturbance, or with the other half.
    const worker = await run({ stage, random, share, enqueue: enqueuer.enqueue, killed });
    await feeding;
    disturbed.push({
      name,
      from,
      to: performance.now(),
      explains: explains === "one" ? { worker: worker ?? "" } : explains,
    });
    await pause(random.between(100, 400));
  }
  const ready = () => stage.workers.every(({ process }) => process.output().includes("worker ready"));
  await until("all workers are ready again", ready, 60_000);
  await enqueuer.enqueue(Math.max(0, enqueuer.left() - Math.floor(options.jobs * calmShare)));
  return { disturbed, kills };
}

const feedSteps = 10;

async function feed(enqueuer: Parts["enqueuer"], share: number): Promise<void> {
  for (let step = 0; step < feedSteps; step++) {
    await enqueuer.enqueue(Math.ceil(share / feedSteps));
    await pause(100);
  }
}

/** Lets failed jobs run at once: their backoff would be most of a run. */
async function hurryRetries({ sql, query }: Stage, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await query(
      () => sql`
      select from app_jobs.reschedule_jobs(
        array(
          select id
          from app_jobs.jobs
          where locked_at is null and attempts < max_attempts and run_at > now() + interval '1 second'
        ),
        run_at => now()
      )`,
    ).catch(() => undefined);
    await pause(500, undefined, { signal }).catch(() => undefined);
  }
}

async function untilDone(sql: Sql): Promise<void> {
  await until(
    "no job is left",
    async () => {
      await pause(50);
      return (await persist("jobs are counted", () => countLeft(sql))) === 0;
    },
    patienceMs,
  ).catch(() => undefined);
}

async function countLeft(sql: Sql): Promise<number> {
  return onlyRow(await sql<{ left: number }[]>`select count(*)::int as left from app_jobs.jobs`).left;
}

/** Gives, for each job that a killed worker had called and that was called again, how long that took, in seconds. */
function recoveryTimes(calls: readonly Call[], { worker, at }: Kill): number[] {
  const times: number[] = [];
  for (const ofJob of Map.groupBy(calls, ({ n }) => n).values()) {
    const last = ofJob.findLastIndex((call) => call.at <= at);
    const call = ofJob[last];
    if (call?.worker !== worker || (call.saidAt !== undefined && call.saidAt < at && call.said !== "success"))
      continue;
    const next = ofJob[last + 1];
    if (next !== undefined) times.push((next.at - at) / 1000);
  }
  return times;
}

function countNames(disturbed: readonly Disturbed[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { name } of disturbed) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
