import { expect, test } from "bun:test";
import { until } from "../testing/until.ts";
import { type TestDatabase, throughPort, withDatabase } from "../testing/with-database.ts";
import { withFunction } from "../testing/with-function.ts";
import { withJobService } from "../testing/with-job-service.ts";
import { withProcess } from "../testing/with-process.ts";
import { withProxy } from "../testing/with-proxy.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";
const addJob = (database: TestDatabase) => database.sql`select app_jobs.add_job(${tenant}, 'x')`;
const count = async (database: TestDatabase) => (await database.sql`select from app_jobs.jobs`).length;
const first = async (database: TestDatabase) =>
  (
    await database.sql<{ attempts: number; leased: boolean; last_error: string | null }[]>`
      select attempts, locked_at is not null as leased, last_error from app_jobs.jobs`
  )[0];

test("a stopping service claims nothing new and lets requests in flight finish", async () => {
  await using database = await withDatabase();
  const gate = Promise.withResolvers<Response>();
  await using fn = await withFunction(() => gate.promise);
  await using service = await withJobService({ ...database.env, KNATIVE_SERVICE_URL: fn.url });
  await addJob(database);
  await until("the request is in flight", () => fn.requests.length === 1);

  const drained = service.drain();
  await addJob(database);
  gate.resolve(Response.json({}));
  await drained;
  expect(await count(database)).toBe(1);
  expect(await first(database)).toMatchObject({ attempts: 0, leased: false });
  expect(fn.requests).toHaveLength(1);
});

test("what outlasts the drain is given back with its attempt, and its request is closed", async () => {
  await using database = await withDatabase();
  await using fn = await withFunction(() => new Promise<Response>(() => {}));
  await using service = await withJobService({
    ...database.env,
    KNATIVE_SERVICE_URL: fn.url,
    JOBS_DRAIN_SECONDS: "0.05",
  });
  await addJob(database);
  const request = await until("the request is in flight", () => fn.requests[0]);
  await service.drain();
  expect(await first(database)).toMatchObject({ attempts: 0, leased: false });
  await until("the function sees the request closed", () => request.signal.aborted);
  expect(await database.sql`select from app_jobs.workers`).toHaveLength(0);
});

test("SIGTERM drains a process, which exits with 0", async () => {
  await using database = await withDatabase();
  await using fn = await withFunction();
  await using service = withProcess("services/job-service/main.ts", {
    ...database.env,
    KNATIVE_SERVICE_URL: fn.url,
    INTERNAL_JOBS_CALLBACK_PORT: "0",
    HOSTNAME: "process",
  });
  await until("it is ready", () => service.output().includes("job service ready"));
  await addJob(database);
  await until("the job is done", async () => (await count(database)) === 0);
  service.kill("SIGTERM");
  expect(await service.exited).toBe(0);
});

test("a second signal stops at once, and still gives jobs back", async () => {
  await using database = await withDatabase();
  await using fn = await withFunction(() => new Promise<Response>(() => {}));
  await using service = withProcess("services/job-service/main.ts", {
    ...database.env,
    KNATIVE_SERVICE_URL: fn.url,
    INTERNAL_JOBS_CALLBACK_PORT: "0",
    JOBS_DRAIN_SECONDS: "600",
  });
  await addJob(database);
  await until("the request is in flight", () => fn.requests.length === 1);
  service.kill("SIGINT");
  await until("it is stopping", () => service.output().includes("a second signal"));
  service.kill("SIGINT");
  expect(await service.exited).toBe(0);
  expect(await first(database)).toMatchObject({ attempts: 0, leased: false });
});

test("a killed worker's job is taken over within its lease, and the attempt counts", async () => {
  await using database = await withDatabase();
  let calls = 0;
  await using fn = await withFunction(() =>
    ++calls === 1 ? new Promise<Response>(() => {}) : Response.json({}),
  );
  const env = { ...database.env, KNATIVE_SERVICE_URL: fn.url, JOBS_LEASE_SECONDS: "1" };
  await using victim = withProcess("services/worker/main.ts", {
    ...env,
    INTERNAL_JOBS_CALLBACK_URL: "http://localhost:1",
    HOSTNAME: "test-worker",
  });
  await until("it is ready", () => victim.output().includes("worker ready"));
  await addJob(database);
  await until("the request is in flight", () => fn.requests.length === 1);
  victim.kill("SIGKILL");
  await victim.exited;

  // The same name, another run: it neither releases nor takes what is not its own before the lease has ended.
  await using service = await withJobService(env);
  await until("the job is done", async () => (await count(database)) === 0);
  expect(fn.requests.map((request) => request.headers.get("X-Job-Attempt"))).toEqual(["1", "2"]);
  const rescued = service.events.find((event) => event["event"] === "job taken back");
  expect(String(rescued?.["reason"])).toContain('Worker "test-worker" stopped');
});

test("a frozen worker finds out that its lease has ended, and its late outcome changes nothing", async () => {
  await using database = await withDatabase();
  const gates = [Promise.withResolvers<Response>(), Promise.withResolvers<Response>()];
  let calls = 0;
  await using fn = await withFunction(() => gates[calls++]?.promise ?? Response.json({}));
  const env = { ...database.env, KNATIVE_SERVICE_URL: fn.url, JOBS_LEASE_SECONDS: "1" };
  await using frozen = withProcess("services/worker/main.ts", {
    ...env,
    INTERNAL_JOBS_CALLBACK_URL: "http://localhost:1",
    HOSTNAME: "frozen",
  });
  await until("it is ready", () => frozen.output().includes("worker ready"));
  await addJob(database);
  await until("the request is in flight", () => fn.requests.length === 1);
  frozen.kill("SIGSTOP");
  await using _service = await withJobService(env);
  await until("another has the job", () => fn.requests.length === 2);

  gates[0]?.resolve(Response.json({}));
  frozen.kill("SIGCONT");
  await until("it knows", () => frozen.output().includes("lease lost"));
  expect(await first(database)).toMatchObject({ attempts: 2, leased: true });
  gates[1]?.resolve(Response.json({}));
  await until("the job is done", async () => (await count(database)) === 0);
});

test("a database that goes away is told of, waited for and used again", async () => {
  await using database = await withDatabase();
  await using proxy = await withProxy(Number(new URL(database.url).port));
  await using fn = await withFunction();
  await using service = await withJobService({
    DATABASE_URL: throughPort(database, proxy.port).DATABASE_URL,
    KNATIVE_SERVICE_URL: fn.url,
    JOBS_POLL_SECONDS: "0.2",
  });
  const ready = async () => (await fetch(`http://localhost:${service.port}/readyz`)).status;
  expect(await ready()).toBe(200);
  proxy.cut();
  await until("it says that it is not ready", async () => (await ready()) === 503);
  await addJob(database);
  proxy.mend();
  await until("the job is done", async () => (await count(database)) === 0);
  await until("it is ready again", async () => (await ready()) === 200);
});

test("an outcome that cannot be written at once is kept until it can", async () => {
  await using database = await withDatabase();
  await using proxy = await withProxy(Number(new URL(database.url).port));
  await using fn = await withFunction(() => {
    proxy.cut();
    return Response.json({});
  });
  await using service = await withJobService({
    DATABASE_URL: throughPort(database, proxy.port).DATABASE_URL,
    KNATIVE_SERVICE_URL: fn.url,
    JOBS_POLL_SECONDS: "0.2",
  });
  await addJob(database);
  await until("listening has ended", () =>
    service.events.some((event) => String(event["event"]).startsWith("not listening")),
  );
  expect(await count(database)).toBe(1);
  proxy.mend();
  await until("the job is done", async () => (await count(database)) === 0);
  expect(fn.requests).toHaveLength(1);
});

test("a process without its settings says all that is wrong and exits with 1", async () => {
  await using service = withProcess("services/job-service/main.ts", {
    PGPORT: "many",
    JOBS_CONCURRENCY: "0",
    JOBS_SUPPORT_ANY: "perhaps",
    JOBS_CALLBACK_HOST: "http://jobs",
    JOBS_DATABASES: "postgres://h/a,postgres://h/a",
    HTTP_PROXY: "socks5://proxy:1080",
  });
  expect(await service.exited).toBe(1);
  expect(service.output()).toBe(
    [
      "Cannot start the job service: 7 settings are wrong.",
      '  HTTP_PROXY: expected the http:// or https:// URL of a proxy, or HOST:PORT (given: "socks5://proxy:1080")',
      '  JOBS_SUPPORT_ANY: expected true or false (given: "perhaps")',
      '  JOBS_CONCURRENCY: expected a whole number from 1 to 10000 (given: "0")',
      `  JOBS_CALLBACK_HOST: expected a host's name or address, without a scheme or a port (given: "http://jobs")`,
      "  KNATIVE_SERVICE_URL is missing: expected the base URL of the functions, such as http://functions.example.svc.cluster.local",
      '  PGPORT: expected a whole number from 1 to 65535 (given: "many")',
      "  JOBS_DATABASES: expected each database once (value not shown)",
      "",
    ].join("\n"),
  );
});

test("a process on a database without the schema says what to run and exits with 1", async () => {
  await using database = await withDatabase("empty");
  await using service = withProcess("services/job-service/main.ts", {
    ...database.env,
    KNATIVE_SERVICE_URL: "http://localhost:1",
    INTERNAL_JOBS_CALLBACK_PORT: "0",
  });
  expect(await service.exited).toBe(1);
  expect(service.output()).toContain('Run "bun run db:migrate" against it');
});
