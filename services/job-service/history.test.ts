import { expect, test } from "bun:test";
import { type JobAttempt, readJobHistory } from "#db/job-history";
import { readSettings } from "../config/read-settings.ts";
import { until } from "../testing/until.ts";
import { type TestDatabase, withDatabase } from "../testing/with-database.ts";
import { type Received, withFunction } from "../testing/with-function.ts";
import { withJobService } from "../testing/with-job-service.ts";
import { jobServiceSettings } from "./settings.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

/** Lets a job service with these settings run one job, whose function answers so. */
async function withJob(env: Record<string, string>, answer: (request: Received) => Response) {
  const database = await withDatabase();
  const fn = await withFunction(answer);
  const service = await withJobService({
    ...database.env,
    KNATIVE_SERVICE_URL: fn.url,
    JOBS_POLL_SECONDS: "0.05",
    ...env,
  });
  await database.sql`select app_jobs.add_job(${tenant}, 'x')`;
  return {
    database,
    service,
    fn,
    [Symbol.asyncDispose]: async () => {
      await service[Symbol.asyncDispose]();
      await fn[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

const history = ({ sql }: TestDatabase) => readJobHistory(sql, "app_jobs", "1");

const firstAttempt = (database: TestDatabase) =>
  until("an attempt is recorded", async (): Promise<JobAttempt | undefined> => (await history(database))[0]);

test("a failed attempt is recorded with its status, worker and times, and kept with the job that completes later", async () => {
  let isBroken = true;
  await using job = await withJob({ JOBS_KEEP_COMPLETED: "7d" }, () =>
    isBroken ? Response.json({ error: "no paint" }, { status: 500 }) : Response.json({}),
  );
  const { database } = job;
  const attempt = await firstAttempt(database);
  expect(attempt).toMatchObject({
    attempt: 1,
    outcome: "retry",
    tries: 1,
    workerId: "test-worker",
    httpStatus: 500,
    error: "HTTP 500 from the function: no paint",
  });
  expect(attempt.endedAt.getTime()).toBeGreaterThanOrEqual(attempt.beganAt?.getTime() ?? Number.NaN);

  isBroken = false;
  await database.sql`update app_jobs.jobs set run_at = now()`;
  const kept = await until("the job is completed and kept", async () => {
    const rows = await database.sql`
      select attempts, locked_by, kept_until - completed_at as keep from app_jobs.completed_jobs`;
    return rows[0];
  });
  expect(kept).toEqual({ attempts: 2, locked_by: "test-worker", keep: "7 days" });
  expect(await history(database)).toEqual([attempt]);
  expect(await database.sql`select from app_jobs.job_attempts`).toHaveLength(0);
});

test("what a callback completes is kept too", async () => {
  await using job = await withJob({ JOBS_KEEP_COMPLETED: "36h" }, () => new Response(null, { status: 202 }));
  await until("the job is accepted", async () => {
    const rows = await job.database.sql`select from app_jobs.jobs where accepted_at is not null`;
    return rows.length > 0;
  });
  const response = await fetch(job.fn.requests[0]?.headers.get("X-Callback-Url") ?? "", {
    method: "POST",
    headers: { "X-Worker-Id": "test-worker", "X-Job-Id": "1" },
  });
  expect(response.status).toBe(200);
  const [kept] = await job.database
    .sql`select kept_until - completed_at as keep from app_jobs.completed_jobs`;
  expect(kept).toEqual({ keep: "1 day 12:00:00" });
});

test("without the setting nothing is kept, and nothing is recorded of a job that completes at once", async () => {
  await using job = await withJob({}, () => Response.json({}));
  await until("the job is completed", async () => {
    return (await job.database.sql`select from app_jobs.jobs`).length === 0;
  });
  expect(await job.database.sql`select from app_jobs.completed_jobs`).toHaveLength(0);
  expect(await history(job.database)).toEqual([]);
});

test("a function that is out of reach is recorded, with the status that said so where there was one", async () => {
  await using gone = await withJob({ KNATIVE_SERVICE_URL: "http://127.0.0.1:1" }, () => new Response());
  expect(await firstAttempt(gone.database)).toMatchObject({ outcome: "unreachable", httpStatus: null });
  await using busy = await withJob({}, () => new Response("later", { status: 429 }));
  expect(await firstAttempt(busy.database)).toMatchObject({ outcome: "unreachable", httpStatus: 429 });
});

test("a worker drops the completed jobs whose time is over, whether or not it keeps any", async () => {
  await using database = await withDatabase();
  await database.sql`select app_jobs.add_completed_partition(now() - interval '2 days')`;
  await using _service = await withJobService({
    ...database.env,
    KNATIVE_SERVICE_URL: "http://127.0.0.1:1",
  });
  await until("the partition is gone", async () => {
    const rows =
      await database.sql`select from pg_inherits where inhparent = 'app_jobs.completed_jobs'::regclass`;
    return rows.length === 0;
  });
});

test.each(["7", "7 days", "0d", "-1d", "500d", "1w"])(
  "JOBS_KEEP_COMPLETED=%s is refused, with what is expected",
  (value) => {
    const read = () =>
      readSettings("x", jobServiceSettings, { KNATIVE_SERVICE_URL: "http://f", JOBS_KEEP_COMPLETED: value });
    expect(read).toThrow(
      "JOBS_KEEP_COMPLETED: expected a length of time with its unit, such as 36h or 7d, from 1 s to 366 d",
    );
  },
);
