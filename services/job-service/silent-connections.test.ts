import { expect, test } from "bun:test";
import { until } from "../testing/until.ts";
import { type TestDatabase, throughPort, withDatabase } from "../testing/with-database.ts";
import { withFunction } from "../testing/with-function.ts";
import { type TestJobService, withJobService } from "../testing/with-job-service.ts";
import { withProcess } from "../testing/with-process.ts";
import { type Proxy, withProxy } from "../testing/with-proxy.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";
const addJobs = (database: TestDatabase, count: number) =>
  database.sql`select app_jobs.add_job(${tenant}, 'x') from generate_series(1, ${count})`;
const isEmpty = async (database: TestDatabase) =>
  (await database.sql`select from app_jobs.jobs`).length === 0;
const jobIds = ({ requests }: { requests: readonly { headers: Headers }[] }) =>
  requests.map(({ headers }) => headers.get("X-Job-Id"));
const said = ({ events }: TestJobService, event: string) => events.some((entry) => entry["event"] === event);

const toDatabase = (database: TestDatabase) => withProxy(Number(new URL(database.url).port));
/** Polls rarely, so that what a test waits for is not the poll. */
const through = (database: TestDatabase, proxy: Proxy, url: string) => ({
  DATABASE_URL: throughPort(database, proxy.port).DATABASE_URL,
  KNATIVE_SERVICE_URL: url,
  JOBS_QUERY_SECONDS: "1",
  JOBS_POLL_SECONDS: "1",
});

test("connections that swallow all they are given are given up, and the jobs go on under the same lease", async () => {
  await using database = await withDatabase();
  await using proxy = await toDatabase(database);
  await using fn = await withFunction();
  await using service = await withJobService({
    ...through(database, proxy, fn.url),
    JOBS_LEASE_SECONDS: "600",
  });
  await addJobs(database, 1);
  await until("a job is done", () => isEmpty(database));
  proxy.strand();
  await addJobs(database, 20);
  await until("the jobs are done", () => isEmpty(database), 60_000);
  expect(new Set(jobIds(fn)).size).toBe(21);
  expect(jobIds(fn)).toHaveLength(21);
  expect(said(service, "connections to the database are of no use; opening others")).toBe(true);
  expect(said(service, "lease lost; its jobs are taken over")).toBe(false);
});

test("an outcome whose connection swallows it is written by another, and the function is not called again", async () => {
  await using database = await withDatabase();
  await using proxy = await toDatabase(database);
  await using fn = await withFunction(() => {
    proxy.strand();
    return Response.json({});
  });
  await using _service = await withJobService({
    ...through(database, proxy, fn.url),
    JOBS_LEASE_SECONDS: "600",
  });
  await addJobs(database, 1);
  await until("the job is done", () => isEmpty(database), 60_000);
  expect(fn.requests).toHaveLength(1);
});

test("a claim that the network delivers late keeps no job", async () => {
  await using database = await withDatabase();
  await using proxy = await toDatabase(database);
  await using fn = await withFunction();
  await using service = await withJobService({
    ...through(database, proxy, fn.url),
    JOBS_LEASE_SECONDS: "600",
  });
  proxy.freeze();
  await addJobs(database, 20);
  await until("the connections are given up", () =>
    said(service, "connections to the database are of no use; opening others"),
  );
  // All that lay in the frozen connections arrives now.
  proxy.mend();
  await until("the jobs are done", () => isEmpty(database), 60_000);
  expect(jobIds(fn)).toHaveLength(20);
});

test("a worker that is cut off in silence past its lease starts nothing more, and its late outcome changes nothing", async () => {
  await using database = await withDatabase();
  await using proxy = await toDatabase(database);
  const gates = [Promise.withResolvers<Response>(), Promise.withResolvers<Response>()];
  let calls = 0;
  await using fn = await withFunction(() => gates[calls++]?.promise ?? Response.json({}));
  await using cutOff = withProcess("services/worker/main.ts", {
    ...through(database, proxy, fn.url),
    INTERNAL_JOBS_CALLBACK_URL: "http://localhost:1",
    JOBS_LEASE_SECONDS: "1",
    HOSTNAME: "cut-off",
  });
  await until("it is ready", () => cutOff.output().includes("worker ready"));
  await addJobs(database, 1);
  await until("the request is in flight", () => fn.requests.length === 1);
  proxy.freeze();
  await using _service = await withJobService({
    ...database.env,
    KNATIVE_SERVICE_URL: fn.url,
    JOBS_LEASE_SECONDS: "1",
  });
  await until("another has the job", () => fn.requests.length === 2);
  await until("it knows", () => cutOff.output().includes("lease lost"));
  gates[0]?.resolve(Response.json({}));
  await addJobs(database, 5);
  await until("the others' jobs are done", () => fn.requests.length === 7);
  proxy.mend();
  const [job] = await database.sql`select attempts, locked_by from app_jobs.jobs`;
  expect(job).toMatchObject({ attempts: 2, locked_by: "test-worker" });
  gates[1]?.resolve(Response.json({}));
  await until("the job is done", () => isEmpty(database));
  const workers = fn.requests.map(({ headers }) => headers.get("X-Worker-Id"));
  expect(workers).toEqual(["cut-off", ...Array.from({ length: 6 }, () => "test-worker")]);
});

test("a schedule goes on ticking after its scheduler's connections fell silent", async () => {
  await using database = await withDatabase();
  await using proxy = await toDatabase(database);
  await using fn = await withFunction();
  await using _service = await withJobService(through(database, proxy, fn.url));
  await database.sql`select app_jobs.add_scheduled_job(${tenant}, 'tick', '{}', '{"rule": "* * * * * *"}')`;
  await until("it ticks", () => fn.requests.length >= 1);
  proxy.strand();
  const before = fn.requests.length;
  await until("it ticks again", () => fn.requests.length >= before + 2, 60_000);
});

test("a callback that the database does not take in time is answered 503, and taken when it comes again", async () => {
  await using database = await withDatabase();
  await using proxy = await toDatabase(database);
  await using fn = await withFunction(() => new Response(null, { status: 202 }));
  await using _service = await withJobService(through(database, proxy, fn.url));
  await addJobs(database, 1);
  const request = await until("the request is there", () => fn.requests[0]);
  await until("it is accepted", async () => {
    return (await database.sql`select from app_jobs.jobs where accepted_at is not null`).length === 1;
  });
  const report = () =>
    fetch(request.headers.get("X-Callback-Url") ?? "", {
      method: "POST",
      headers: { "X-Worker-Id": "w", "X-Job-Id": request.headers.get("X-Job-Id") ?? "" },
    });
  proxy.freeze();
  const refused = await report();
  expect([refused.status, refused.headers.get("Retry-After")]).toEqual([503, "1"]);
  proxy.mend();
  await until("it is taken", async () => (await report()).status === 200, 60_000);
  expect(await isEmpty(database)).toBe(true);
});

test("two signals end a service at once though its database has fallen silent", async () => {
  await using database = await withDatabase();
  await using proxy = await toDatabase(database);
  await using fn = await withFunction(() => new Promise<Response>(() => {}));
  await using service = withProcess("services/job-service/main.ts", {
    ...through(database, proxy, fn.url),
    INTERNAL_JOBS_CALLBACK_PORT: "0",
    JOBS_QUERY_SECONDS: "3600",
    JOBS_DRAIN_SECONDS: "3600",
  });
  await addJobs(database, 1);
  await until("the request is in flight", () => fn.requests.length === 1);
  proxy.freeze();
  service.kill("SIGTERM");
  await until("it is stopping", () => service.output().includes("a second signal"));
  service.kill("SIGTERM");
  expect(await service.exited).toBe(0);
});

test("a service that sleeps until it is told, and then can hear nothing any more, looks by itself again", async () => {
  await using database = await withDatabase();
  await using ear = await toDatabase(database);
  await using fn = await withFunction();
  await using service = await withJobService({
    ...database.env,
    KNATIVE_SERVICE_URL: fn.url,
    JOBS_LISTEN_URL: throughPort(database, ear.port).DATABASE_URL,
    JOBS_POLL_SECONDS: "3600",
  });
  await until("it sleeps, and has not looked for a second", async () => {
    const [row] = await database.sql<{ sleeps: boolean }[]>`
      select bool_and(w.sleeps_until > now()) and not exists (
        select from pg_stat_activity as a
        where a.datname = current_database() and a.query ~ 'get_jobs|next_job_seconds' and a.application_name = 'jobs-worker'
          and (a.state <> 'idle' or a.state_change > now() - interval '1 second')
      ) as sleeps
      from app_jobs.workers as w`;
    return row?.sleeps;
  });
  ear.cut();
  await until("it has noticed", () => said(service, "not listening; polling meanwhile"));
  await until("it asks for no notifications", async () => {
    return (await database.sql`select from app_jobs.workers where sleeps_until is null`).length === 1;
  });
  await addJobs(database, 1);
  await until("the job is done", () => isEmpty(database));
});
