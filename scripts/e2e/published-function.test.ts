import { expect, test } from "bun:test";
import { until } from "../../services/testing/until.ts";
import { withDatabase } from "../../services/testing/with-database.ts";
import { withJobService } from "../../services/testing/with-job-service.ts";
import { withProcess } from "../../services/testing/with-process.ts";
import type { Seen } from "./published-function.fixture.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

/** What ends a job or an attempt; each has one of these. */
const endings = [
  "job completed",
  "job completed by callback",
  "attempt failed",
  "attempt failed by callback",
];
/** What is said of a report that came second. */
const repeats = ["outcome was already recorded", "callback changed nothing"];

/** A function made with the published kit, in a process of its own, under a job service of ours. */
async function publishedFunction() {
  const cleanup = new AsyncDisposableStack();
  const database = cleanup.use(await withDatabase());
  const fn = cleanup.use(withProcess("scripts/e2e/published-function.fixture.ts", {}));
  const [, port] = await until("the function listens", () => /listening on port (\d+)/.exec(fn.output()));
  const url = `http://127.0.0.1:${port}/`;
  // The kit's functions answer at `/` alone, so the map leads there, as it does under the published service.
  const service = cleanup.use(
    await withJobService({
      ...database.env,
      INTERNAL_GATEWAY_DEVELOPMENT_MAP: JSON.stringify({ paint: url }),
    }),
  );
  const count = (names: readonly string[]) =>
    service.events.filter((event) => names.includes(String(event["event"]))).length;
  return {
    sql: database.sql,
    service,
    addJob: (payload: object) =>
      database.sql`select app_jobs.add_job(${tenant}, 'paint', ${JSON.stringify(payload)}::text::json)`,
    jobs: () => database.sql<{ attempts: number; last_error: string | null; leased: boolean }[]>`
      select attempts, last_error, locked_at is not null as leased from app_jobs.jobs`,
    seen: async (): Promise<Seen[]> => (await fetch(`${url}seen`, { method: "POST" })).json(),
    endings: () => count(endings),
    repeats: () => count(repeats),
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

test("a published function's job ends once, though the kit both answers and calls back", async () => {
  await using fn = await publishedFunction();
  await fn.addJob({ colour: "red" });
  await until("the second report has come", () => fn.repeats() === 1);
  expect(await fn.jobs()).toHaveLength(0);
  expect(fn.endings()).toBe(1);
  expect(await fn.seen()).toHaveLength(1);
});

test("payload, job, worker and tenant reach a published function's handler", async () => {
  await using fn = await publishedFunction();
  await fn.addJob({ colour: "שלום ☂", coats: [1, 2.5, null] });
  await until("the job is done", async () => (await fn.jobs()).length === 0);
  expect(await fn.seen()).toEqual([
    {
      payload: { colour: "שלום ☂", coats: [1, 2.5, null] },
      jobId: "1",
      workerId: "test-worker",
      databaseId: tenant,
      attempt: "1",
    },
  ]);
});

test("an error that a published function throws is one failed attempt, and its message is kept", async () => {
  await using fn = await publishedFunction();
  await fn.addJob({ fail: "throw" });
  const failed = await until("the attempt has failed", async () =>
    (await fn.jobs()).find((job) => job.last_error !== null),
  );
  expect(failed).toEqual({ attempts: 1, last_error: "no paint left", leased: false });
  await until("the answer is read too", () => fn.repeats() === 1);
  expect(fn.endings()).toBe(1);

  await fn.sql`select app_jobs.reschedule_jobs(array[1], run_at => now())`;
  await until("the next attempt is done", async () => (await fn.jobs()).length === 0);
  expect((await fn.seen()).map((job) => job.attempt)).toEqual(["1", "2"]);
});

test("an error status of a published function is one failed attempt", async () => {
  await using fn = await publishedFunction();
  await fn.addJob({ fail: "status" });
  const failed = await until("the attempt has failed", async () =>
    (await fn.jobs()).find((job) => job.last_error !== null),
  );
  expect(failed).toMatchObject({ attempts: 1, leased: false });
  // The callback says "HTTP 500", the answer "no brush"; either may come first.
  expect(failed.last_error).toMatch(/HTTP 500|no brush/);
  await until("the second report has come", () => fn.repeats() === 1);
  expect(fn.endings()).toBe(1);
});

test("a hundred jobs of a published function all end, each once", async () => {
  await using fn = await publishedFunction();
  await fn.sql`select app_jobs.add_job(${tenant}, 'paint') from generate_series(1, 100)`;
  await until("every second report has come", () => fn.repeats() === 100);
  expect(await fn.jobs()).toHaveLength(0);
  expect(fn.endings()).toBe(100);
  const ids = (await fn.seen()).map((job) => job.jobId);
  expect(new Set(ids).size).toBe(100);
  expect(ids).toHaveLength(100);
});
