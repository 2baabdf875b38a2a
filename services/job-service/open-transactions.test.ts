import { expect, test } from "bun:test";
import { until } from "../testing/until.ts";
import { withDatabase } from "../testing/with-database.ts";
import { withFunction } from "../testing/with-function.ts";
import { withJobService } from "../testing/with-job-service.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

test("an application that takes a running job's key and stays open holds up no other job of the worker", async () => {
  await using db = await withDatabase();
  const gate = Promise.withResolvers<Response>();
  await using fn = await withFunction(({ path }) => (path === "/keyed" ? gate.promise : Response.json({})));
  await using _service = await withJobService({ ...db.env, KNATIVE_SERVICE_URL: fn.url });
  await db.sql`select app_jobs.add_job(${tenant}, 'keyed', job_key => 'k')`;
  await until("it runs", () => fn.requests.length === 1);
  const application = await db.sql.reserve();
  try {
    await application`begin`;
    await application`select app_jobs.add_job(${tenant}, 'other', job_key => 'k')`;
    gate.resolve(Response.json({}));
    for (let round = 1; round <= 3; round++) {
      await db.sql`select app_jobs.add_job(${tenant}, 'other') from generate_series(1, 20)`;
      await until("all jobs but it are done", async () => {
        const left = await db.sql<{ task: string }[]>`select task_identifier as task from app_jobs.jobs`;
        return left.length === 1 && left[0]?.task === "keyed";
      });
    }
    await application`commit`;
  } finally {
    application.release();
  }
  await until("it is done too, and what took its key", async () => {
    return (await db.sql`select from app_jobs.jobs`).length === 0;
  });
  expect(await db.sql`select from app_jobs.dead_jobs`).toHaveLength(0);
  expect(fn.requests.filter(({ path }) => path === "/keyed")).toHaveLength(1);
});

test("an application that takes the keys of all running jobs and stays open keeps no other job from starting and ending", async () => {
  await using db = await withDatabase();
  const gate = Promise.withResolvers<Response>();
  await using fn = await withFunction(({ path }) =>
    path === "/keyed" ? gate.promise.then((answer) => answer.clone()) : Response.json({}),
  );
  await using service = await withJobService({
    ...db.env,
    KNATIVE_SERVICE_URL: fn.url,
    JOBS_CONCURRENCY: "33",
  });
  await db.sql`select app_jobs.add_job(${tenant}, 'keyed', job_key => 'k' || n) from generate_series(1, 32) as n`;
  await until("they run", () => fn.requests.length === 32);
  const application = await db.sql.reserve();
  const countLeft = async (task: string) =>
    (await db.sql`select from app_jobs.jobs where task_identifier = ${task}`).length;
  try {
    await application`begin`;
    await application`select app_jobs.add_job(${tenant}, 'other', job_key => 'k' || n) from generate_series(1, 32) as n`;
    gate.resolve(Response.json({}));
    // What was added before is done before what is added after, all of it while nothing of the application's has ended.
    for (let round = 1; round <= 5; round++) {
      await db.sql`select app_jobs.add_job(${tenant}, 'other') from generate_series(1, 40)`;
      await until("the others are done", async () => (await countLeft("other")) === 0);
      expect(await countLeft("keyed")).toBe(32);
    }
    await application`commit`;
  } finally {
    application.release();
  }
  await until("all are done", async () => (await db.sql`select from app_jobs.jobs`).length === 0);
  expect(await db.sql`select from app_jobs.dead_jobs`).toHaveLength(0);
  expect(fn.requests.filter(({ path }) => path === "/keyed")).toHaveLength(32);
  const errors = service.events.filter(({ event }) => String(event).startsWith("cannot"));
  expect(errors).toEqual([]);
});
