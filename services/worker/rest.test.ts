import { expect, test } from "bun:test";
import { createJobs } from "#db/jobs";
import { until } from "../testing/until.ts";
import { type TestDatabase, withDatabase } from "../testing/with-database.ts";
import { withFunction } from "../testing/with-function.ts";
import { withJobService } from "../testing/with-job-service.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

/** Gives how many workers have asked to be notified. */
async function sleepers({ sql }: TestDatabase): Promise<number> {
  const rows = await sql`select from app_jobs.workers where sleeps_until > now()`;
  return rows.length;
}

test("an enqueue that saw the worker awake and commits while it sleeps is found, long before the poll", async () => {
  await using db = await withDatabase();
  await using fn = await withFunction();
  // A worker that is registered and awake, so that the enqueue has nobody to notify.
  const other = { run: crypto.randomUUID(), workerId: "other", leaseSeconds: 60 };
  await createJobs(db.sql, "app_jobs").registerWorker(other);
  const commit = Promise.withResolvers<void>();
  const added = Promise.withResolvers<void>();
  const enqueue = db.sql.begin(async (sql) => {
    await sql`select app_jobs.add_job(${tenant}, 'late')`;
    added.resolve();
    await commit.promise;
  });
  await added.promise;

  const env = { ...db.env, KNATIVE_SERVICE_URL: fn.url, JOBS_POLL_SECONDS: "3600" };
  await using service = await withJobService(env);
  await until("the worker sleeps", async () => (await sleepers(db)) === 1);
  commit.resolve();
  await enqueue;
  await until("the job is run", () => fn.requests.length === 1);
  expect(service.events.filter(({ level }) => level === "error")).toEqual([]);
});

test("while notifications come in crowds the worker asks for none, finds every job, and asks again after", async () => {
  await using db = await withDatabase();
  await using fn = await withFunction();
  const env = { ...db.env, KNATIVE_SERVICE_URL: fn.url, JOBS_POLL_SECONDS: "3600" };
  await using service = await withJobService(env);
  await until("the worker sleeps", async () => (await sleepers(db)) === 1);

  const many = () => db.sql`select pg_notify('jobs:insert', n::text) from generate_series(1, 200) as n`;
  const crowd = setInterval(() => void many().catch(() => undefined), 5);
  try {
    await until("the worker is awake", async () => (await sleepers(db)) === 0);
    for (let n = 0; n < 20; n++) await db.sql`select app_jobs.add_job(${tenant}, 'a')`;
    await until("all jobs are run", () => fn.requests.length === 20);
  } finally {
    clearInterval(crowd);
  }
  await until("the worker sleeps again", async () => (await sleepers(db)) === 1);
  expect(service.events.filter(({ level }) => level === "error")).toEqual([]);
});
