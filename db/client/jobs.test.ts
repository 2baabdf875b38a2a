import { expect, test } from "bun:test";
import { withDatabase } from "../../services/testing/with-database.ts";
import { onlyRow } from "./connect.ts";
import { readJobHistory } from "./job-history.ts";
import { createJobs } from "./jobs.ts";

const everything = { only: null, except: null };
const tenant = "00000000-0000-0000-0000-000000000001";

async function withWorker() {
  const database = await withDatabase();
  const jobs = createJobs(database.sql, "app_jobs");
  const run = crypto.randomUUID();
  await jobs.registerWorker({ run, workerId: "worker-1", leaseSeconds: 30 });
  return { jobs, run, sql: database.sql, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() };
}

test("a claimed job comes with its payload byte for byte", async () => {
  await using worker = await withWorker();
  const payload = '{ "b":1,\n"a": "\\u0000 ☂ שלום", "a":1e400 }';
  await worker.sql`select app_jobs.add_job(${tenant}, 'paint', ${payload}::text::json)`;
  const {
    jobs: [job],
  } = await worker.jobs.getJobs({ run: worker.run, limit: 10, tasks: everything });
  expect(job).toMatchObject({
    id: "1",
    databaseId: tenant,
    taskIdentifier: "paint",
    payload,
    attempt: 1,
    maxAttempts: 25,
  });
  expect(job?.createdAtMs).toBeGreaterThan(Date.parse("2026-01-01"));
});

test("a claim keeps to its task filter", async () => {
  await using worker = await withWorker();
  await worker.sql`select app_jobs.add_job(${tenant}, task) from unnest(array['a', 'b', 'c']) as task`;
  const claim = async (tasks: { only: string[] | null; except: string[] | null }) =>
    (await worker.jobs.getJobs({ run: worker.run, limit: 10, tasks })).jobs.map((job) => job.taskIdentifier);
  expect(await claim({ only: ["b"], except: null })).toEqual(["b"]);
  expect(await claim({ only: null, except: ["c"] })).toEqual(["a"]);
  expect(await claim(everything)).toEqual(["c"]);
});

test("outcomes are taken for leases that hold, and for no others", async () => {
  await using worker = await withWorker();
  const { jobs, run, sql } = worker;
  await sql`select app_jobs.add_job(${tenant}, 'x') from generate_series(1, 4)`;
  const { jobs: leased } = await jobs.getJobs({ run, limit: 4, tasks: everything });
  const [a, b, c, d] = leased.map((job) => ({ jobId: job.id, leaseToken: job.leaseToken }));
  if (!a || !b || !c || !d) throw new Error("four jobs were expected");

  const foreign = { jobId: b.jobId, leaseToken: crypto.randomUUID() };
  expect(await jobs.completeJobs([a, foreign])).toEqual(new Set([a.jobId]));
  const failure = { ...b, kind: "retry", message: "no luck", delaySeconds: null } as const;
  expect(await jobs.failJobs([failure], 60)).toEqual(new Set([b.jobId]));
  expect(await jobs.failJobs([failure], 60)).toEqual(new Set());
  expect(await jobs.acceptJobs([c], 60)).toEqual(new Set([c.jobId]));

  expect(await jobs.releaseWorker(run)).toBe(1);
  const rows =
    await sql`select id, locked_at is not null as leased, attempts, last_error from app_jobs.jobs order by id`;
  expect([...rows]).toEqual([
    { id: b.jobId, leased: false, attempts: 1, last_error: "no luck" },
    { id: c.jobId, leased: true, attempts: 1, last_error: null },
    { id: d.jobId, leased: false, attempts: 0, last_error: null },
  ]);
  expect(await jobs.beatWorker(run)).toBeNull();
});

test("a callback is taken once, recognised when it comes again, and refused for an earlier lease", async () => {
  await using worker = await withWorker();
  const { jobs, run, sql } = worker;
  await sql`select app_jobs.add_job(${tenant}, 'x')`;
  const {
    jobs: [job],
  } = await jobs.getJobs({ run, limit: 1, tasks: everything });
  if (!job) throw new Error("a job was expected");
  const lease = { jobId: job.id, leaseToken: job.leaseToken };
  const failure = { kind: "retry", error: "no luck", delaySeconds: null } as const;

  expect(await jobs.callback(lease, failure)).toBe("taken");
  expect(await jobs.callback(lease, failure)).toBe("repeated");
  expect(await jobs.callback({ ...lease, leaseToken: crypto.randomUUID() }, { kind: "complete" })).toBe(
    "passed on",
  );
  expect(onlyRow(await sql`select last_error from app_jobs.jobs`)["last_error"]).toBe("no luck");
});

test("another schema serves the same calls", async () => {
  await using database = await withDatabase("empty");
  const { migrate } = await import("../migrate.ts");
  await migrate(database.settings, "other_jobs");
  const jobs = createJobs(database.sql, "other_jobs", { keepSeconds: 60 });
  expect((await jobs.callbackKeys()).length).toBe(1);
  expect(await jobs.nextJob()).toMatchObject({ seconds: null });
  expect([...(await jobs.rescueJobs())]).toEqual([]);

  await database.sql`select other_jobs.add_completed_partition(now() - interval '2 days')`;
  expect(await jobs.tidyCompleted()).toBe(1);
  await database.sql`select other_jobs.add_job(gen_random_uuid(), 'a') from generate_series(1, 2)`;
  const run = crypto.randomUUID();
  await jobs.registerWorker({ run, workerId: "w", leaseSeconds: 30 });
  const [first, second] = (await jobs.getJobs({ run, limit: 2, tasks: { only: null, except: null } })).jobs;
  if (first === undefined || second === undefined) throw new Error("Two jobs were to be claimed.");
  const lease = (job: typeof first) => ({ jobId: job.id, leaseToken: job.leaseToken });
  expect([...(await jobs.completeJobs([lease(first)]))]).toEqual([first.id]);
  const failure = {
    ...lease(second),
    kind: "retry",
    message: "no",
    delaySeconds: null,
    httpStatus: 500,
  } as const;
  await jobs.failJobs([failure], 60);
  expect(await database.sql`select from other_jobs.completed_jobs`).toHaveLength(1);
  expect(await readJobHistory(database.sql, "other_jobs", second.id)).toMatchObject([{ httpStatus: 500 }]);
});
