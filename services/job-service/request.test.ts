import { expect, test } from "bun:test";
import { until } from "../testing/until.ts";
import { withDatabase } from "../testing/with-database.ts";
import { withFunction } from "../testing/with-function.ts";
import { withJobService } from "../testing/with-job-service.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

test("a job reaches its function with the payload byte for byte and every header of the protocol", async () => {
  await using database = await withDatabase();
  await using fn = await withFunction();
  await using service = await withJobService({ ...database.env, KNATIVE_SERVICE_URL: `${fn.url}/` });
  const payload = '{ "to" : "☂ שלום",\n "n": 1.0, "nul": "\\u0000" }';
  const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  await database.sql`
    select app_jobs.add_job(${tenant}, 'paint', ${payload}::text::json, max_attempts => 7, traceparent => ${trace})`;

  const request = await until("the function is called", () => fn.requests[0]);
  expect(request.path).toBe("/paint");
  expect(request.body).toBe(payload);
  const get = (name: string) => request.headers.get(name);
  expect(get("Content-Type")).toBe("application/json");
  expect(get("X-Worker-Id")).toBe("test-worker");
  expect(get("X-Job-Id")).toBe("1");
  expect(get("X-Database-Id")).toBe(tenant);
  expect(get("X-Callback-Url")).toStartWith(`http://localhost:${service.port}/callback?token=`);
  expect(get("X-Job-Attempt")).toBe("1");
  expect(get("X-Job-Max-Attempts")).toBe("7");
  expect(get("X-Job-Completion")).toBe("response");
  expect(get("Idempotency-Key")).toBe(`${tenant}:1`);
  expect(get("traceparent")).toBe(trace);
  expect(get("ce-specversion")).toBe("1.0");
  expect(get("ce-type")).toBe("app_jobs.paint");
  const left = (Date.parse(get("X-Job-Deadline") ?? "") - Date.now()) / 1000;
  expect(left).toBeGreaterThan(200);
  expect(left).toBeLessThanOrEqual(290);
  expect(get("X-Job-Timeout-Seconds")).toBe("290");
  expect(get("User-Agent")).toBe("knative-jobs-on-bun");
  expect(get("X-Schedule-Id")).toBeNull();

  await until("the job is gone", async () => (await database.sql`select from app_jobs.jobs`).length === 0);
});

test("a megabyte of payload arrives whole", async () => {
  await using database = await withDatabase();
  await using fn = await withFunction();
  await using _service = await withJobService({ ...database.env, KNATIVE_SERVICE_URL: fn.url });
  const payload = JSON.stringify({ text: "🌍".repeat(262_144) });
  await database.sql`select app_jobs.add_job(${tenant}, 'paint', ${payload}::text::json)`;
  const request = await until("the function is called", () => fn.requests[0]);
  expect(request.body === payload).toBe(true);
});

test("a task cannot leave its path segment", async () => {
  await using database = await withDatabase();
  await using fn = await withFunction();
  await using _service = await withJobService({
    ...database.env,
    KNATIVE_SERVICE_URL: `${fn.url}/functions`,
  });
  const task = "../admin?x=1#y/ü:z";
  await database.sql`select app_jobs.add_job(${tenant}, ${task})`;
  const request = await until("the function is called", () => fn.requests[0]);
  expect(request.path).toBe("/functions/..%2Fadmin%3Fx=1%23y%2F%C3%BC:z");
});

test("a task that can have no URL fails for good and says why", async () => {
  await using database = await withDatabase();
  await using fn = await withFunction();
  await using _service = await withJobService({ ...database.env, KNATIVE_SERVICE_URL: fn.url });
  await database.sql`select app_jobs.add_job(${tenant}, '..')`;
  const rows = () => database.sql`select last_error from app_jobs.dead_jobs`;
  const row = await until("the job is dead", async () => (await rows())[0]);
  expect(row["last_error"]).toContain('Cannot call ".."');
  expect(fn.requests).toHaveLength(0);
});

test("the map of URLs comes before the base URL, and {task} stands where it is written", async () => {
  await using database = await withDatabase();
  await using fn = await withFunction();
  await using _service = await withJobService({
    ...database.env,
    KNATIVE_SERVICE_URL: `${fn.url}/on/{task}/now`,
    INTERNAL_GATEWAY_DEVELOPMENT_MAP: JSON.stringify({ mapped: `${fn.url}/elsewhere?x=1` }),
  });
  await database.sql`select app_jobs.add_job(${tenant}, task) from unnest(array['mapped', 'plain']) as task`;
  await until("both were called", () => fn.requests.length === 2);
  expect(fn.requests.map((request) => request.path).sort()).toEqual(["/elsewhere?x=1", "/on/plain/now"]);
});

test("a worker that does not support any keeps to its tasks", async () => {
  await using database = await withDatabase();
  await using fn = await withFunction();
  await using _service = await withJobService({
    ...database.env,
    KNATIVE_SERVICE_URL: fn.url,
    JOBS_SUPPORT_ANY: "false",
    JOBS_SUPPORTED: "b, d",
  });
  await database.sql`select app_jobs.add_job(${tenant}, task) from unnest(array['a', 'b', 'c', 'd']) as task`;
  await until("its tasks are done", async () => (await database.sql`select from app_jobs.jobs`).length === 2);
  const left = await database.sql<{ task: string; attempts: number }[]>`
    select task_identifier as task, attempts from app_jobs.jobs order by id`;
  expect([...left]).toEqual([
    { task: "a", attempts: 0 },
    { task: "c", attempts: 0 },
  ]);
});

test("as many requests are in flight as the setting allows, and no more", async () => {
  await using database = await withDatabase();
  const gate = Promise.withResolvers<void>();
  let inFlight = 0;
  let most = 0;
  await using fn = await withFunction(async () => {
    most = Math.max(most, ++inFlight);
    await gate.promise;
    inFlight -= 1;
    return new Response(null, { status: 204 });
  });
  await using _service = await withJobService({
    ...database.env,
    KNATIVE_SERVICE_URL: fn.url,
    JOBS_CONCURRENCY: "5",
  });
  await database.sql`select app_jobs.add_job(${tenant}, 'x') from generate_series(1, 12)`;
  await until("five are in flight", () => inFlight === 5);
  gate.resolve();
  await until("all are done", async () => (await database.sql`select from app_jobs.jobs`).length === 0);
  expect(most).toBe(5);
  expect(fn.requests).toHaveLength(12);
});

test("jobs of one serial queue run one at a time, in order", async () => {
  await using database = await withDatabase();
  let inFlight = 0;
  let most = 0;
  await using fn = await withFunction(async () => {
    most = Math.max(most, ++inFlight);
    await Bun.sleep(1);
    inFlight -= 1;
    return Response.json({});
  });
  await using _service = await withJobService({ ...database.env, KNATIVE_SERVICE_URL: fn.url });
  await database.sql`
    select app_jobs.add_job(${tenant}, 'x', json_build_object('n', n), queue_name => 'q') from generate_series(1, 20) as n`;
  await until("all are done", async () => (await database.sql`select from app_jobs.jobs`).length === 0);
  expect(most).toBe(1);
  expect(fn.requests.map((request) => JSON.parse(request.body).n)).toEqual(
    Array.from({ length: 20 }, (_, i) => i + 1),
  );
});

test("a job of another schema runs when JOBS_SCHEMA names it", async () => {
  await using database = await withDatabase("empty");
  const { migrate } = await import("../../db/migrate.ts");
  await migrate(database.settings, "my_jobs");
  await using fn = await withFunction();
  await using _service = await withJobService({
    ...database.env,
    KNATIVE_SERVICE_URL: fn.url,
    JOBS_SCHEMA: "my_jobs",
  });
  await database.sql`select my_jobs.add_job(${tenant}, 'x')`;
  await until("it is done", async () => (await database.sql`select from my_jobs.jobs`).length === 0);
  expect(fn.requests).toHaveLength(1);
});
