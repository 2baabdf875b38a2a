import { commitsOf, enqueueBy } from "../../bench/host/enqueue-by.ts";
import { percentile } from "../../bench/host/percentile.ts";
import type { House } from "./site.ts";

/** What innocent jobs met with in a stretch of time. */
export type Window = {
  /** 99th percentile of the time from a job's commit until its function had the request, in ms. */
  readonly startMs: number;
  /** 99th percentile of the time that enqueuing one took, in ms. */
  readonly enqueueMs: number;
  /** How many were enqueued, and how many of those no request came for. */
  readonly jobs: number;
  readonly missing: number;
  /** The cores that Postgres and job service kept busy. */
  readonly cores: number;
};

/** How to measure. */
export type WindowPlan = {
  readonly seconds: number;
  readonly perSecond: number;
  /** How long jobs are enqueued before those that count; half a second where not given. */
  readonly warmingSeconds?: number;
  /** Called when the jobs are enqueued, or were to be five seconds ago: what held them up is to end now. */
  readonly onOver?: () => Promise<void>;
};

/** How long the last of them may take once nothing holds them up, in ms. */
const graceMs = 60_000;
const lateMs = 5_000;

/** Whoever enqueues is a process of its own each time, whose first jobs are slow and not counted. */
const ownWarmingSeconds = 0.5;

// One in four has a key of its own, one a serial queue, of which there are so many that none has two at a time.
const statement = {
  text: `
    select (app_jobs.add_job(
      $1::uuid,
      'innocent',
      payload,
      job_key => case n % 4 when 1 then 'innocent-' || n end,
      queue_name => case n % 4 when 2 then 'innocent-' || n % 400 end
    )).id
    from (select $2::text::json as payload, ($2::text::json ->> 'n')::integer as n) as one`,
  values: ["00000000-0000-4000-8000-000000000001", '{"n":0}'],
};

/** Enqueues innocent jobs at random moments, each in a transaction of its own, and gives what became of them. */
export async function measureWindow(house: House, plan: WindowPlan): Promise<Window> {
  const { innocentFunction: fn } = house.site;
  const { seconds, perSecond, warmingSeconds = ownWarmingSeconds } = plan;
  const jobs = Math.ceil((warmingSeconds + seconds) * perSecond);
  await fn.noteArrivals();
  const cpuBefore = await house.cpuSeconds();
  const startedAt = performance.now();
  await using load = await enqueueBy("latency/enqueue-paced.ts", {
    statement,
    database: house.database,
    words: [String(jobs), String(perSecond)],
  });
  const enqueued = commitsOf(load);
  const mostMs = (warmingSeconds + seconds) * 1_000 + lateMs;
  await Promise.race([enqueued.catch(() => undefined), Bun.sleep(mostMs)]);
  const cores = ((await house.cpuSeconds()) - cpuBefore) / ((performance.now() - startedAt) / 1_000);
  await plan.onOver?.();
  const commits = await Promise.race([enqueued, failAfter(graceMs)]);
  const giveUpAt = performance.now() + graceMs;
  let arrivals = await fn.arrivals();
  while (arrivals.size < jobs && performance.now() < giveUpAt && house.fallen() === null) {
    await Bun.sleep(50);
    arrivals = await fn.arrivals();
  }
  const endedAt = Date.now();
  const counted = [...commits].filter(([n]) => n >= warmingSeconds * perSecond);
  const waits = counted.map(([n, { committedAt }]) => (arrivals.get(n) ?? endedAt) - committedAt);
  return {
    startMs: percentile(waits, 0.99),
    enqueueMs: percentile(
      counted.map(([, { tookMs }]) => tookMs),
      0.99,
    ),
    jobs,
    missing: jobs - arrivals.size,
    cores,
  };
}

async function failAfter(ms: number): Promise<never> {
  await Bun.sleep(ms);
  throw new Error(`Innocent jobs could not be enqueued, not even ${ms / 1_000} s after it was over.`);
}
