import { expect, test } from "bun:test";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";
import { createJobs, type Jobs, type Lease } from "../client/jobs.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";
const everything = { only: null, except: null };

async function withWorker(leaseSeconds = 60) {
  const db = await withDatabase();
  const jobs = createJobs(db.sql, "app_jobs");
  const run = crypto.randomUUID();
  await jobs.registerWorker({ run, workerId: "w", leaseSeconds });
  return { db, jobs, run, [Symbol.asyncDispose]: () => db[Symbol.asyncDispose]() };
}

async function add({ sql }: TestDatabase, key: string | null = null, queue: string | null = null) {
  await sql`select app_jobs.add_job(${tenant}, 'a', job_key => ${key}, queue_name => ${queue})`;
}

async function claimOne(jobs: Jobs, run: string): Promise<Lease> {
  const [job] = (await jobs.getJobs({ run, limit: 1, tasks: everything })).jobs;
  if (job === undefined) throw new Error("A job was to be claimed.");
  return { jobId: job.id, leaseToken: job.leaseToken };
}

const letters = async ({ sql }: TestDatabase) => [
  ...(await sql<{ id: string; reason: string; error: string | null }[]>`
    select id, reason, last_error as error from app_jobs.dead_jobs order by id`),
];

test("a waiting job is cancelled at once, with its reason, and can be retried", async () => {
  await using worker = await withWorker();
  await add(worker.db);
  expect(await worker.jobs.cancelJobs(["1", "99"], "Ordered twice.")).toEqual(new Set(["1"]));
  expect(await letters(worker.db)).toEqual([{ id: "1", reason: "cancelled", error: "Ordered twice." }]);
  expect((await worker.jobs.beatWorker(worker.run))?.cancelled).toEqual([]);
  await worker.db.sql`select app_jobs.retry_dead_jobs(array[1])`;
  expect((await claimOne(worker.jobs, worker.run)).jobId).toBe("1");
});

test("a running job is cancelled at once: its worker is told, and no outcome of it counts", async () => {
  await using worker = await withWorker();
  const { db, jobs, run } = worker;
  await add(db);
  const lease = await claimOne(jobs, run);
  expect(await jobs.cancelJobs(["1"])).toEqual(new Set(["1"]));
  const failure = { ...lease, kind: "retry", message: "no", delaySeconds: null } as const;
  expect(await jobs.completeJobs([lease])).toEqual(new Set());
  expect(await jobs.failJobs([failure], 60)).toEqual(new Set());
  expect(await jobs.acceptJobs([lease], 60)).toEqual(new Set());
  expect(await jobs.callback(lease, { kind: "complete" })).toBe("passed on");
  expect(await letters(db)).toEqual([{ id: "1", reason: "cancelled", error: "Cancelled." }]);
  // Told again with the next beat, as an answer may be lost, and to its own worker alone.
  for (const _ of [1, 2]) expect((await jobs.beatWorker(run))?.cancelled).toEqual([lease]);
  const other = crypto.randomUUID();
  await jobs.registerWorker({ run: other, workerId: "w", leaseSeconds: 60 });
  expect((await jobs.beatWorker(other))?.cancelled).toEqual([]);
});

test("a worker is told for two lengths of its lease, and what is older than two hours goes", async () => {
  await using worker = await withWorker();
  const { db, jobs, run } = worker;
  await add(db);
  await claimOne(jobs, run);
  await jobs.cancelJobs(["1"]);
  await db.sql`update app_jobs.cancelled_leases set cancelled_at = now() - interval '121 seconds'`;
  expect((await jobs.beatWorker(run))?.cancelled).toEqual([]);
  await db.sql`update app_jobs.cancelled_leases set cancelled_at = now() - interval '3 hours'`;
  await add(db);
  const lease = await claimOne(jobs, run);
  await jobs.cancelJobs(["2"]);
  expect([
    ...(await db.sql`select job_id as "jobId", lease_token as "leaseToken" from app_jobs.cancelled_leases`),
  ]).toEqual([lease]);
});

test("a cancelled job gives up its key and its place in a serial queue", async () => {
  await using worker = await withWorker();
  const { db, jobs, run } = worker;
  await add(db, "k", "q");
  await add(db, null, "q");
  expect((await claimOne(jobs, run)).jobId).toBe("1");
  expect((await jobs.getJobs({ run, limit: 1, tasks: everything })).jobs).toEqual([]);
  await jobs.cancelJobs(["1"]);
  await add(db, "k");
  const keys = await db.sql`select id, key from app_jobs.jobs order by id`;
  expect([...keys]).toEqual([
    { id: "2", key: null },
    { id: "3", key: "k" },
  ]);
  expect((await claimOne(jobs, run)).jobId).toBe("2");
});

test("a job that answered 202, and one that get_job gave, are cancelled too", async () => {
  await using worker = await withWorker();
  const { db, jobs, run } = worker;
  await add(db);
  const lease = await claimOne(jobs, run);
  await jobs.acceptJobs([lease], 60);
  await add(db);
  await db.sql`select app_jobs.get_job('plain')`;
  expect(await jobs.cancelJobs(["1", "2"])).toEqual(new Set(["1", "2"]));
  const progress = { kind: "progress", progress: 0.5, message: null, callbackSeconds: 60 } as const;
  expect(await jobs.callback(lease, progress)).toBe("passed on");
  expect(await db.sql`select from app_jobs.complete_job('plain', 2) where id is not null`).toHaveLength(0);
  expect(await letters(db)).toHaveLength(2);
});

test("of a cancellation and a completion at the same time exactly one wins", async () => {
  await using worker = await withWorker();
  const { db, jobs, run } = worker;
  const count = 200;
  await db.sql`select app_jobs.add_job(${tenant}, 'a') from generate_series(1, ${count})`;
  const { jobs: leased } = await jobs.getJobs({ run, limit: count, tasks: everything });
  const wins = await Promise.all(
    leased.map(async ({ id, leaseToken }, n) => {
      const complete = () => jobs.completeJobs([{ jobId: id, leaseToken }]);
      const cancel = () => jobs.cancelJobs([id]);
      const results = await Promise.all(
        n % 2 === 0 ? [complete(), cancel()] : [cancel(), complete()].toReversed(),
      );
      return results.map((won) => won.size);
    }),
  );
  for (const [completed, cancelled] of wins) expect((completed ?? 0) + (cancelled ?? 0)).toBe(1);
  expect(await letters(db)).toHaveLength(wins.filter(([, cancelled]) => cancelled === 1).length);
  expect(await db.sql`select from app_jobs.jobs`).toHaveLength(0);
});

test("a superseded job whose worker died stays superseded when it is rescheduled", async () => {
  await using worker = await withWorker();
  const { db, jobs, run } = worker;
  await add(db, "k");
  await claimOne(jobs, run);
  await add(db, "k");
  const newer = [...(await db.sql`select id from app_jobs.jobs where key = 'k'`)];
  await db.sql`update app_jobs.workers set lease_until = now() - interval '1 second'`;
  await db.sql`select app_jobs.reschedule_jobs(array[1], attempts => 0, max_attempts => 30)`;
  expect(await letters(db)).toMatchObject([{ id: "1", reason: "superseded" }]);
  expect([...(await db.sql`select id from app_jobs.jobs`)]).toEqual(newer);
});
