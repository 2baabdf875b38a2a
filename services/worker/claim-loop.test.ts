import { expect, test } from "bun:test";
import { type Claim, createJobs } from "#db/jobs";
import { startListener } from "#db/listen";
import { createLog } from "../log/log.ts";
import { until } from "../testing/until.ts";
import { withDatabase } from "../testing/with-database.ts";
import { withFunction } from "../testing/with-function.ts";
import { withJobService } from "../testing/with-job-service.ts";
import { startClaimLoop } from "./claim-loop.ts";
import { createHeldJobs } from "./held-jobs.ts";
import { createSlotPool } from "./slot-pool.ts";
import { createTaskHealth } from "./task-health.ts";

const tenant = "8d3f6a44-90b1-4f0c-a53d-1c5b8f1f2b60";

/** So long that no test lives to see one. */
const unhurried = { JOBS_POLL_SECONDS: "3600" };

test("a worker that is told of jobs looks once for each, and not again when it is done", async () => {
  await using db = await withDatabase();
  const jobs = createJobs(db.sql, "app_jobs");
  const run = crypto.randomUUID();
  await jobs.registerWorker({ run, workerId: "w", leaseSeconds: 60 });
  let looks = 0;
  const done: string[] = [];
  const loop = startClaimLoop({
    jobs: {
      ...jobs,
      getJobs: (claim: Claim) => {
        looks += 1;
        return jobs.getJobs(claim);
      },
    },
    run: { current: () => Promise.resolve(run), lose: () => {}, keeps: () => true },
    perform: async (job, onAnswered) => {
      onAnswered();
      await jobs.completeJobs([{ jobId: job.id, leaseToken: job.leaseToken }]);
      done.push(job.id);
      return false;
    },
    hears: () => true,
    held: createHeldJobs(),
    settler: { takeCompleted: () => ({ leases: [], written: () => {}, putBack: () => {} }) },
    health: createTaskHealth(),
    pool: createSlotPool(4),
    tasks: null,
    pollSeconds: 3600,
    loop: { succeeded: () => {}, failed: () => 1 },
    log: createLog({ level: "silent", format: "json", write: () => {}, now: () => new Date() }),
  });
  const listener = startListener({
    settings: db.settings,
    channels: ["jobs:insert"],
    onNotify: loop.notified,
  });
  try {
    await until("it listens", () => listener.isListening());
    const enqueue = async () => {
      const count = done.length;
      await db.sql`select app_jobs.add_job(${tenant}, 'a')`;
      await until("the job is done", () => done.length > count);
    };
    await enqueue();
    const before = looks;
    for (let n = 0; n < 20; n++) await enqueue();
    // A look more now and then is for transactions of others, such as autovacuum's.
    expect(looks - before).toBeLessThan(30);
  } finally {
    await Promise.all([loop.stop(), listener.stop()]);
  }
});

test("a worker with all slots taken claims again when one is free", async () => {
  await using db = await withDatabase();
  await using fn = await withFunction();
  const env = { ...db.env, ...unhurried, KNATIVE_SERVICE_URL: fn.url, JOBS_CONCURRENCY: "2" };
  await using _service = await withJobService(env);
  const sleepers = () => db.sql`select from app_jobs.workers where sleeps_until > now()`;
  await until("it sleeps", async () => (await sleepers()).length === 1);
  await db.sql`select app_jobs.add_job(${tenant}, 'a') from generate_series(1, 20)`;
  await until("all are done", async () => (await db.sql`select from app_jobs.jobs`).length === 0);
});

test("the next job of a serial queue is claimed when the one before it is done", async () => {
  await using db = await withDatabase();
  await using fn = await withFunction();
  await using _service = await withJobService({ ...db.env, ...unhurried, KNATIVE_SERVICE_URL: fn.url });
  await db.sql`
    select app_jobs.add_job(${tenant}, 'a', json_build_object('n', n), queue_name => 'one')
    from generate_series(1, 5) as n`;
  await until("all are done", async () => (await db.sql`select from app_jobs.jobs`).length === 0);
  expect(fn.requests.map(({ body }) => body)).toEqual([1, 2, 3, 4, 5].map((n) => `{"n" : ${n}}`));
});

test("a job that failed while the worker slept is tried again when it is due", async () => {
  await using db = await withDatabase();
  const isAsleep = async () => {
    const busy = await db.sql`
      select from pg_stat_activity
      where datname = current_database()
        and application_name = 'jobs-worker'
        and (state <> 'idle' or state_change > clock_timestamp() - interval '100 ms')`;
    return busy.length === 0;
  };
  await using fn = await withFunction(async ({ headers }) => {
    if (headers.get("X-Job-Attempt") !== "1") return Response.json({});
    await until("the worker sleeps", isAsleep);
    return new Response("no", { status: 500 });
  });
  await using _service = await withJobService({ ...db.env, ...unhurried, KNATIVE_SERVICE_URL: fn.url });
  await db.sql`select app_jobs.add_job(${tenant}, 'a')`;
  await until("it is done", async () => (await db.sql`select from app_jobs.jobs`).length === 0);
  expect(fn.requests.length).toBe(2);
});

test("when a task is in reach again, all of its jobs are claimed", async () => {
  await using db = await withDatabase();
  const gone = await withFunction();
  await gone[Symbol.asyncDispose]();
  const env = { ...db.env, ...unhurried, KNATIVE_SERVICE_URL: gone.url, JOBS_CONCURRENCY: "2" };
  await using _service = await withJobService(env);
  await db.sql`select app_jobs.add_job(${tenant}, 'a')`;
  const tried = () => db.sql`select from app_jobs.jobs where unreachable_count > 0`;
  await until("it is out of reach", async () => (await tried()).length > 0);
  await db.sql`select app_jobs.add_job(${tenant}, 'a') from generate_series(1, 10)`;

  const { port } = new URL(gone.url);
  const back = Bun.serve({ port: Number(port), hostname: "127.0.0.1", fetch: () => Response.json({}) });
  await until("all are done", async () => (await db.sql`select from app_jobs.jobs`).length === 0);
  await back.stop(true);
});

test("a task that is slow and alone is claimed again whenever one of its requests ends", async () => {
  await using db = await withDatabase();
  await using fn = await withFunction(async () => {
    await Bun.sleep(80);
    return Response.json({});
  });
  const env = { ...db.env, ...unhurried, KNATIVE_SERVICE_URL: fn.url, JOBS_CONCURRENCY: "8" };
  await using _service = await withJobService(env);
  const sleepers = () => db.sql`select from app_jobs.workers where sleeps_until > now()`;
  await until("it sleeps", async () => (await sleepers()).length === 1);
  await db.sql`select app_jobs.add_job(${tenant}, 'slow') from generate_series(1, 60)`;
  await until("all are done", async () => (await db.sql`select from app_jobs.jobs`).length === 0);
});
