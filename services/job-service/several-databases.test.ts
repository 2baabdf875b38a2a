import { expect, test } from "bun:test";
import { until } from "../testing/until.ts";
import { type TestDatabase, withDatabase } from "../testing/with-database.ts";
import { type Received, withFunction } from "../testing/with-function.ts";
import { withJobService } from "../testing/with-job-service.ts";
import { withProcess } from "../testing/with-process.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

const addJobs = ({ sql }: TestDatabase, task: string, count = 1) =>
  sql`select app_jobs.add_task_jobs(${tenant}, ${task}, array_fill('{}'::json, array[${count}::integer]))`;

const settingsFor = (databases: readonly { readonly url: string }[], functions: string) => ({
  JOBS_DATABASES: databases.map(({ url }) => url).join(", "),
  KNATIVE_SERVICE_URL: functions,
});

const jobsLeft = async ({ sql }: TestDatabase) => (await sql`select from app_jobs.jobs`).length;

test("one service does the jobs and the schedules of several databases, and each callback finds its own", async () => {
  await using first = await withDatabase();
  await using second = await withDatabase();
  await using fn = await withFunction(
    ({ path }) => new Response(null, { status: path === "/later" ? 202 : 200 }),
  );
  await using _service = await withJobService(settingsFor([first, second], fn.url));
  // Both have a job 1, and only its token tells whose it is.
  for (const database of [first, second]) await addJobs(database, "later");
  await second.sql`select app_jobs.add_scheduled_job(${tenant}, 'tick', '{}', '{"rule":"* * * * * *"}')`;
  const later = () => fn.requests.filter(({ path }) => path === "/later");
  await until("both jobs are at the function", () => later().length === 2);
  await until("a tick of the second database is at the function", () =>
    fn.requests.some(({ path }) => path === "/tick"),
  );
  const accepted = (database: TestDatabase) =>
    database.sql`select from app_jobs.jobs where accepted_at is not null and task_identifier = 'later'`;
  for (const database of [first, second])
    await until("the job is accepted", async () => (await accepted(database)).length === 1);

  const callBack = async ({ headers }: Received) => {
    const url = headers.get("X-Callback-Url") ?? "";
    const answer = await fetch(url, { method: "POST", headers: { "X-Worker-Id": "w", "X-Job-Id": "1" } });
    return answer.status;
  };
  const [one, other] = later();
  if (one === undefined || other === undefined) throw new Error("There are two requests.");
  expect(await callBack(one)).toBe(200);
  expect((await accepted(first)).length + (await accepted(second)).length).toBe(1);
  expect(await callBack(other)).toBe(200);
  expect((await accepted(first)).length + (await accepted(second)).length).toBe(0);
  const forged = one.headers.get("X-Callback-Url")?.replace(/.{3}$/, "abc") ?? "";
  const refused = await fetch(forged, { method: "POST", headers: { "X-Worker-Id": "w", "X-Job-Id": "1" } });
  expect(refused.status).toBe(401);
});

test("a database with few jobs gets its share beside one with many", async () => {
  await using crowded = await withDatabase();
  await using quiet = await withDatabase();
  const held: { readonly path: string; readonly answer: () => void }[] = [];
  await using fn = await withFunction(({ path }) => {
    const { promise, resolve } = Promise.withResolvers<Response>();
    held.push({ path, answer: () => resolve(new Response()) });
    return promise;
  });
  await using _service = await withJobService({
    ...settingsFor([crowded, quiet], fn.url),
    JOBS_CONCURRENCY: "4",
  });
  const inFlight = (path: string) => held.filter((one) => one.path === path).length;
  const endOneOf = (path: string) => {
    const [one] = held.splice(
      held.findIndex((request) => request.path === path),
      1,
    );
    one?.answer();
  };

  await addJobs(crowded, "crowded", 40);
  await until("the crowded database has all slots but one", () => inFlight("/crowded") === 3);
  await addJobs(quiet, "quiet", 10);
  await until("the quiet one's first job runs at once", () => inFlight("/quiet") === 1);
  endOneOf("/crowded");
  await until("the next slot is the quiet one's", () => inFlight("/quiet") === 2);
  expect(inFlight("/crowded")).toBe(2);

  while ((await jobsLeft(quiet)) > 0) {
    const before = held.length;
    for (const { answer } of held.splice(0)) answer();
    await until("more are in flight", async () => held.length > 0 || (await jobsLeft(quiet)) === 0);
    expect(before).toBeLessThanOrEqual(4);
  }
  await until("what the quiet one does not need is the crowded one's", () => inFlight("/crowded") === 3);
  while ((await jobsLeft(crowded)) > 0) {
    for (const { answer } of held.splice(0)) answer();
    await until("more are in flight", async () => held.length > 0 || (await jobsLeft(crowded)) === 0);
  }
});

test("a database that is away holds up no other, and is worked for when it is back", async () => {
  await using database = await withDatabase();
  await using fn = await withFunction();
  // Nothing listens at port 1.
  const away = { url: "postgres://postgres@127.0.0.1:1/away" };
  await using service = await withJobService(settingsFor([away, database], fn.url));
  await addJobs(database, "x");
  await until("the job is done", async () => (await jobsLeft(database)) === 0);
  const ready = await fetch(`http://127.0.0.1:${service.port}/readyz`);
  expect(ready.status).toBe(200);
  expect(
    service.events.some((event) => String(event["event"]).includes("waiting for the database away")),
  ).toBe(true);
});

test("a database that can never be used holds up no other, and one log line says why", async () => {
  await using unmigrated = await withDatabase("empty");
  await using database = await withDatabase();
  await using fn = await withFunction();
  await using service = await withJobService(settingsFor([unmigrated, database], fn.url));
  const complaint = await until("the log tells", () =>
    service.events.find(({ event }) => event === "not working for this database"),
  );
  expect(String(complaint["error"])).toContain("db:migrate");
  await addJobs(database, "x");
  await until("the job is done", async () => (await jobsLeft(database)) === 0);
});

test("a service that can use none of its databases ends, and says why", async () => {
  await using one = await withDatabase("empty");
  await using another = await withDatabase("empty");
  await using service = withProcess("services/job-service/main.ts", {
    ...settingsFor([one, another], "http://127.0.0.1:1"),
    INTERNAL_JOBS_CALLBACK_PORT: "0",
  });
  expect(await service.exited).toBe(1);
  expect(service.output()).toContain("db:migrate");
});

test.each([
  ["JOBS_DATABASES", { JOBS_DATABASES: "mysql://localhost/a" }, "expected postgres:// URLs"],
  ["JOBS_DATABASES", { JOBS_DATABASES: "postgres://h/a, postgres://h/a" }, "each database once"],
  [
    "JOBS_CONCURRENCY",
    { JOBS_DATABASES: "postgres://h/a, postgres://h/b", JOBS_CONCURRENCY: "1" },
    "at least 2",
  ],
  [
    "JOBS_LISTEN_URL",
    { JOBS_DATABASES: "postgres://h/a, postgres://h/b", JOBS_LISTEN_URL: "postgres://h/c" },
    "expected not to be set",
  ],
])("%s that does not fit is told at start", async (name, env, reason) => {
  const start = withJobService({ KNATIVE_SERVICE_URL: "http://127.0.0.1:1", ...env });
  const message = await start.then(
    () => "it started",
    (error: Error) => error.message,
  );
  expect(message).toContain(name);
  expect(message).toContain(reason);
});
