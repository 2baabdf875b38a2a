import { expect, test } from "bun:test";
import { until } from "../../services/testing/until.ts";
import { type TestDatabase, throughPort, withDatabase } from "../../services/testing/with-database.ts";
import { withFunction } from "../../services/testing/with-function.ts";
import { withJobService } from "../../services/testing/with-job-service.ts";
import { withProcess } from "../../services/testing/with-process.ts";
import { withProxy } from "../../services/testing/with-proxy.ts";

// The known defects of the system whose names and headers we keep, each as what ours does instead, with real services. More
// of the same, closer to the code:
//   keys of tenants, null arguments       db/tests/add-job.test.ts, add-jobs.test.ts, outcomes.test.ts
//   completion by anyone, lost callbacks  services/job-service/callback.test.ts, db/tests/outcomes.test.ts, races.test.ts
//   schedules                             services/scheduler/tick-loop.test.ts, db/tests/schedules.test.ts
//   poison jobs, names of workers         db/tests/get-job.test.ts, services/job-service/lifecycle.test.ts
//   statuses                              functions/protocol/outcome.test.ts, services/job-service/outcome.test.ts
//   half-open connections                 db/client/listen.test.ts, services/job-service/silent-connections.test.ts

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";
const other = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
const everySecond = JSON.stringify({ rule: "* * * * * *" });

const addJob = ({ sql }: TestDatabase, maxAttempts = 25) =>
  sql`select app_jobs.add_job(${tenant}, 'x', max_attempts => ${maxAttempts})`;
const left = async ({ sql }: TestDatabase) =>
  (
    await sql<{ id: string; attempts: number; last_error: string | null; leased: boolean }[]>`
    select id, attempts, last_error, locked_at is not null as leased from app_jobs.jobs`
  )[0];
const isDone = async (database: TestDatabase) => (await left(database)) === undefined;
const serve = (database: TestDatabase, url: string, env: Readonly<Record<string, string>> = {}) =>
  withJobService({ ...database.env, KNATIVE_SERVICE_URL: url, ...env });

test("the cross-tenant key: two tenants' jobs of one key both run, each with its own payload and tenant", async () => {
  await using database = await withDatabase();
  await database.sql`select app_jobs.add_job(${tenant}, 'x', '{"of": 1}', 'key'), app_jobs.add_job(${other}, 'x', '{"of": 2}', 'key')`;
  await using fn = await withFunction();
  await using _service = await serve(database, fn.url);
  await until("both are done", () => isDone(database));
  const seen = fn.requests.map(({ headers, body }) => `${headers.get("X-Database-Id")} ${body}`).sort();
  expect(seen).toEqual([`${tenant} {"of": 1}`, `${other} {"of": 2}`]);
});

test("completion by anyone: without the lease or its token nobody completes or fails a job", async () => {
  await using database = await withDatabase();
  await using fn = await withFunction(() => new Response(null, { status: 202 }));
  await using service = await serve(database, fn.url);
  await addJob(database);
  const request = await until("the job is there", () => fn.requests[0]);
  const headers = { "X-Worker-Id": "test-worker", "X-Job-Id": request.headers.get("X-Job-Id") ?? "" };
  const post = async (url: string) => (await fetch(url, { method: "POST", headers })).status;
  expect(await post(service.callbackUrl)).toBe(401);
  expect(await post(`${service.callbackUrl}?token=${"A".repeat(43)}`)).toBe(401);
  const id = headers["X-Job-Id"];
  const [forged] = await database.sql`
    select (app_jobs.complete_job('stranger', ${id})).id as a, (app_jobs.fail_job('stranger', ${id}, 'no')).id as b`;
  expect(forged).toMatchObject({ a: null, b: null });
  expect(await left(database)).toMatchObject({ leased: true, attempts: 1, last_error: null });
  expect(await post(request.headers.get("X-Callback-Url") ?? "")).toBe(200);
  expect(await isDone(database)).toBe(true);
});

test("the schedule that dies with its last job: it ticks on after a job that failed for good", async () => {
  await using database = await withDatabase();
  await using fn = await withFunction(() => new Response(null, { status: 410 }));
  await using _service = await serve(database, fn.url);
  await database.sql`select app_jobs.add_scheduled_job(${tenant}, 'x', '{}', ${everySecond}::text::json)`;
  await until("three jobs of it are dead", async () => {
    return (await database.sql`select from app_jobs.dead_jobs`).length >= 3;
  });
});

test("the scheduler lock that never expires: a schedule that a scheduler died with goes on", async () => {
  await using database = await withDatabase();
  await database.sql`select app_jobs.add_scheduled_job(${tenant}, 'x', '{}', ${everySecond}::text::json)`;
  await database.sql`select app_jobs.get_scheduled_job('dead-scheduler')`;
  await database.sql`update app_jobs.scheduled_jobs set locked_at = now() - interval '61 minutes' where locked_by = 'dead-scheduler'`;
  await using fn = await withFunction();
  await using _service = await serve(database, fn.url, { JOBS_POLL_SECONDS: "0.5" });
  await until("it has ticked twice", () => fn.requests.length >= 2);
});

test("the poison job that a restart forgives: one that kills each of its workers dies after max_attempts", async () => {
  await using database = await withDatabase();
  let isKilling = 0;
  let worker: ReturnType<typeof withProcess> | undefined;
  await using fn = await withFunction(() => {
    isKilling += 1;
    worker?.kill("SIGKILL");
    return new Promise<Response>(() => {});
  });
  await addJob(database, 2);
  const env = {
    ...database.env,
    KNATIVE_SERVICE_URL: fn.url,
    JOBS_LEASE_SECONDS: "1",
    HOSTNAME: "same-name",
  };
  for (const round of [1, 2]) {
    await using started = withProcess("services/worker/main.ts", {
      ...env,
      INTERNAL_JOBS_CALLBACK_URL: "http://localhost:1",
    });
    worker = started;
    await until("the job has killed it", () => isKilling === round, 60_000);
    await started.exited;
  }
  await using _service = await serve(database, fn.url, { JOBS_LEASE_SECONDS: "1" });
  await until("the job is dead", () => isDone(database));
  const [dead] = await database.sql`select attempts, last_error from app_jobs.dead_jobs`;
  expect(dead).toMatchObject({
    attempts: 2,
    last_error: expect.stringContaining('Worker "same-name" stopped'),
  });
  expect(isKilling).toBe(2);
});

test("null arguments: they mean the defaults, and fail_job with a null message fails the job", async () => {
  await using database = await withDatabase();
  await database.sql`select app_jobs.add_job(${tenant}, 'x', null, null, null, null, null, null)`;
  await database.sql`select app_jobs.get_job('plain')`;
  const held = await left(database);
  await database.sql`select app_jobs.fail_job('plain', ${held?.id ?? ""}, null)`;
  expect(await left(database)).toMatchObject({ attempts: 1, leased: false });
  await database.sql`select app_jobs.reschedule_jobs(array[${held?.id ?? ""}]::bigint[], now())`;
  await using fn = await withFunction();
  await using _service = await serve(database, fn.url);
  await until("it is done", () => isDone(database));
  expect(fn.requests.map(({ body }) => body)).toEqual(["{}"]);
});

test("the HTTP error taken for success: a function that only answers 500 has failed", async () => {
  await using database = await withDatabase();
  await using fn = await withFunction(() => new Response("broken", { status: 500 }));
  await using _service = await serve(database, fn.url);
  await addJob(database);
  const failed = await until("the attempt has failed", async () => {
    const job = await left(database);
    return job?.last_error === null ? null : job;
  });
  expect(failed).toMatchObject({ attempts: 1, leased: false, last_error: expect.stringContaining("500") });
});

test("the lost callback: a job whose function never reports is tried again, and the attempt counts", async () => {
  await using database = await withDatabase();
  let calls = 0;
  await using fn = await withFunction(() => new Response(null, { status: ++calls === 1 ? 202 : 200 }));
  await using service = await serve(database, fn.url, {
    JOBS_CALLBACK_TIMEOUT_SECONDS: "1",
    JOBS_LEASE_SECONDS: "1",
  });
  await addJob(database);
  await until("it is done after all", () => isDone(database), 60_000);
  expect(fn.requests.map(({ headers }) => headers.get("X-Job-Attempt"))).toEqual(["1", "2"]);
  expect(service.events.filter(({ event }) => event === "job taken back")).toHaveLength(1);
});

test("the half-open LISTEN: a service that is deaf notices it, long before it polls", async () => {
  await using database = await withDatabase();
  await using proxy = await withProxy(Number(new URL(database.url).port));
  await using fn = await withFunction();
  await using service = await serve(database, fn.url, {
    JOBS_LISTEN_URL: throughPort(database, proxy.port).DATABASE_URL,
    JOBS_POLL_SECONDS: "3600",
  });
  await until("it sleeps", async () => {
    return (await database.sql`select from app_jobs.workers where sleeps_until > now()`).length === 1;
  });
  proxy.strand();
  // Found by its last look before it slept, or else once it has noticed.
  await addJob(database);
  const notice = 'not listening; polling meanwhile: "the connection is open but heard nothing';
  await until(
    "it has noticed",
    () =>
      service.events.some(({ event, error }) =>
        `${String(event)}: ${JSON.stringify(error)}`.startsWith(notice),
      ),
    60_000,
  );
  await addJob(database);
  await until("both jobs are done", () => isDone(database), 60_000);
});

test("two workers under one name: neither releases nor ends what the other has", async () => {
  await using database = await withDatabase();
  const gate = Promise.withResolvers<Response>();
  await using fn = await withFunction(() => gate.promise);
  await using _first = await serve(database, fn.url, { HOSTNAME: "twin" });
  await addJob(database);
  await until("the first has the job", () => fn.requests.length === 1);
  {
    await using _second = await serve(database, fn.url, { HOSTNAME: "twin" });
    expect(await left(database)).toMatchObject({ leased: true, attempts: 1 });
  }
  expect(await left(database)).toMatchObject({ leased: true, attempts: 1 });
  gate.resolve(Response.json({}));
  await until("the job is done", () => isDone(database));
  expect(fn.requests).toHaveLength(1);
});
