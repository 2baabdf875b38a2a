import { expect, test } from "bun:test";
import { until } from "../testing/until.ts";
import { throughPort, withDatabase } from "../testing/with-database.ts";
import { withFunction } from "../testing/with-function.ts";
import { withJobService } from "../testing/with-job-service.ts";
import { withProcess } from "../testing/with-process.ts";
import { withProxy } from "../testing/with-proxy.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

test("a worker that crashes between claim and dispatch loses its jobs to others, and the attempt counts", async () => {
  await using database = await withDatabase();
  await database.sql`select app_jobs.add_job(${tenant}, 'x')`;
  // What is left of such a worker: a run that claimed and beats no more.
  const run = crypto.randomUUID();
  await database.sql`select app_jobs.register_worker(${run}, 'crashed', 0.5)`;
  const claimed = await database.sql`select from app_jobs.get_jobs(${run}, 10) where kind = 'job'`;
  expect(claimed).toHaveLength(1);
  await using fn = await withFunction();
  await using service = await withJobService({
    ...database.env,
    KNATIVE_SERVICE_URL: fn.url,
    JOBS_LEASE_SECONDS: "1",
  });
  await until("the job is done", async () => (await database.sql`select from app_jobs.jobs`).length === 0);
  expect(fn.requests.map(({ headers }) => headers.get("X-Job-Attempt"))).toEqual(["2"]);
  const rescued = service.events.find(({ event }) => event === "job taken back");
  expect(String(rescued?.["reason"])).toContain('Worker "crashed" stopped');
});

test("a worker that crashes after the answer and before the outcome repeats the job, under the same Idempotency-Key", async () => {
  await using database = await withDatabase();
  await using proxy = await withProxy(Number(new URL(database.url).port));
  await using fn = await withFunction(() => {
    // The outcome does not get through.
    if (fn.requests.length === 1) proxy.freeze();
    return Response.json({});
  });
  const env = { KNATIVE_SERVICE_URL: fn.url, JOBS_LEASE_SECONDS: "1" };
  await using victim = withProcess("services/worker/main.ts", {
    ...env,
    DATABASE_URL: throughPort(database, proxy.port).DATABASE_URL,
    INTERNAL_JOBS_CALLBACK_URL: "http://localhost:1",
  });
  await until("it is ready", () => victim.output().includes("worker ready"));
  await database.sql`select app_jobs.add_job(${tenant}, 'x')`;
  await until("it has answered", () => fn.requests.length === 1);
  victim.kill("SIGKILL");
  await victim.exited;
  await using _service = await withJobService({ ...database.env, ...env });
  await until("the job is done", async () => (await database.sql`select from app_jobs.jobs`).length === 0);
  const keys = fn.requests.map(({ headers }) => headers.get("Idempotency-Key"));
  expect(keys).toHaveLength(2);
  expect(new Set(keys).size).toBe(1);
});
