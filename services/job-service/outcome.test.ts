import { expect, test } from "bun:test";
import { until } from "../testing/until.ts";
import { type TestDatabase, withDatabase } from "../testing/with-database.ts";
import { type Received, withFunction } from "../testing/with-function.ts";
import { withJobService } from "../testing/with-job-service.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

type Row = {
  readonly attempts: number;
  readonly reason: string | null;
  readonly last_error: string | null;
  readonly waits: boolean;
  readonly wait_seconds: number;
};

async function row(database: TestDatabase): Promise<Row | undefined> {
  const rows = await database.sql<Row[]>`
    select attempts, reason, last_error, locked_at is null as waits,
      extract(epoch from run_at - now())::double precision as wait_seconds
    from (
      select attempts, null as reason, last_error, locked_at, run_at from app_jobs.jobs
      union all
      select attempts, reason, last_error, locked_at, run_at from app_jobs.dead_jobs
    ) as all_jobs`;
  return rows[0];
}

async function settled(database: TestDatabase): Promise<Row> {
  return until("the attempt is settled", async () => {
    const now = await row(database);
    return now?.waits && now.last_error !== null ? now : undefined;
  });
}

async function oneAttempt(answer: (request: Received) => Response | Promise<Response>): Promise<Row> {
  await using database = await withDatabase();
  await using fn = await withFunction(answer);
  await using _service = await withJobService({
    ...database.env,
    KNATIVE_SERVICE_URL: fn.url,
    JOBS_TIMEOUT_SECONDS: "0.3",
  });
  await database.sql`select app_jobs.add_job(${tenant}, 'x')`;
  return await settled(database);
}

test.each([
  ["a 500 with a message", () => Response.json({ error: "no paint" }, { status: 500 }), "no paint"],
  ["a 500 without a word", () => new Response(null, { status: 500 }), "HTTP 500"],
  ["a 404", () => new Response("not here", { status: 404 }), "not here"],
  [
    "a 200 that reports an error",
    () => Response.json({ message: "thrown" }, { headers: { "X-Job-Error": "true" } }),
    "thrown",
  ],
  ["a redirect", () => Response.redirect("http://elsewhere.example/x", 302), "elsewhere.example"],
  ["garbage", () => new Response("\0\u0007\ud800<<", { status: 500 }), "HTTP 500"],
] as const)("%s is a failed attempt that waits for backoff", async (_, answer, message) => {
  const job = await oneAttempt(answer);
  expect(job.attempts).toBe(1);
  expect(job.last_error).toContain(message);
  expect(job.wait_seconds).toBeGreaterThan(0);
});

test("a function that never answers is a failed attempt, told as a timeout", async () => {
  const job = await oneAttempt(() => new Promise<Response>(() => {}));
  expect(job.attempts).toBe(1);
  expect(job.last_error).toContain("0.3 s");
});

test.each([410, 489])("a %d fails for good", async (status) => {
  const job = await oneAttempt(() => new Response("gone", { status }));
  expect([job.reason, job.attempts]).toEqual(["failed for good", 1]);
});

test("a failure that asks for no retry fails for good", async () => {
  const job = await oneAttempt(() =>
    Response.json({ error: "no such user" }, { status: 400, headers: { "X-Job-Retry": "false" } }),
  );
  expect([job.reason, job.attempts]).toEqual(["failed for good", 1]);
  expect(job.last_error).toContain("no such user");
});

test("a function that is busy costs no attempt, and its Retry-After is kept", async () => {
  const job = await oneAttempt(
    () => new Response("busy", { status: 503, headers: { "Retry-After": "120" } }),
  );
  expect(job.attempts).toBe(0);
  expect(job.wait_seconds).toBeGreaterThan(100);
  expect(job.wait_seconds).toBeLessThanOrEqual(120);
});

test("a function that is down costs no attempt, and its job runs when it is back", async () => {
  await using database = await withDatabase();
  const gone = await withFunction();
  const { port } = new URL(gone.url);
  await gone[Symbol.asyncDispose]();
  await using _service = await withJobService({ ...database.env, KNATIVE_SERVICE_URL: gone.url });
  await database.sql`select app_jobs.add_job(${tenant}, 'x')`;
  const job = await settled(database);
  expect(job.attempts).toBe(0);
  expect(job.last_error).toContain("Cannot connect to the function");

  const back = Bun.serve({ port: Number(port), hostname: "127.0.0.1", fetch: () => Response.json({}) });
  await until("the job is done", async () => (await row(database)) === undefined);
  await back.stop(true);
});

test("a function that is down does not hold up the jobs of another", async () => {
  await using database = await withDatabase();
  await using fn = await withFunction();
  await using _service = await withJobService({
    ...database.env,
    KNATIVE_SERVICE_URL: "http://127.0.0.1:1",
    INTERNAL_GATEWAY_DEVELOPMENT_MAP: JSON.stringify({ well: fn.url }),
    JOBS_CONCURRENCY: "2",
  });
  await database.sql`select app_jobs.add_job(${tenant}, 'down') from generate_series(1, 50)`;
  await until(
    "one was tried",
    async () => (await database.sql`select from app_jobs.jobs where unreachable_count > 0`).length > 0,
  );
  await database.sql`select app_jobs.add_job(${tenant}, 'well') from generate_series(1, 5)`;
  await until("the others are done", () => fn.requests.length === 5);
  const [tried] = await database.sql<{ count: number }[]>`
    select sum(unreachable_count)::int as count from app_jobs.jobs`;
  expect(tried?.count).toBeLessThan(10);
});

test("an attempt that succeeds after failures completes the job", async () => {
  await using database = await withDatabase();
  await using fn = await withFunction((request) =>
    request.headers.get("X-Job-Attempt") === "1" ? new Response(null, { status: 500 }) : Response.json({}),
  );
  await using _service = await withJobService({ ...database.env, KNATIVE_SERVICE_URL: fn.url });
  await database.sql`select app_jobs.add_job(${tenant}, 'x')`;
  await settled(database);
  await database.sql`select app_jobs.reschedule_jobs(array[1], now())`;
  await until("the job is done", async () => (await row(database)) === undefined);
  expect(fn.requests.map((request) => request.headers.get("X-Job-Attempt"))).toEqual(["1", "2"]);
  expect(new Set(fn.requests.map((request) => request.headers.get("Idempotency-Key"))).size).toBe(1);
});

test("a job that is replaced under its key, or retried with another payload, after an attempt has a key of its own for each payload", async () => {
  await using database = await withDatabase();
  await using fn = await withFunction(() => new Response(null, { status: 500 }));
  await using _service = await withJobService({ ...database.env, KNATIVE_SERVICE_URL: fn.url });
  const { sql } = database;
  const ended = () => sql`
    select from app_jobs.jobs where last_error is not null and locked_at is null
    union all select from app_jobs.dead_jobs`;
  const isSent = (count: number) =>
    until("it has failed again", async () => fn.requests.length === count && (await ended()).length === 1);
  await sql`select app_jobs.add_job(${tenant}, 'x', '{"n":0}', 'k', run_at => now() + interval '1 hour')`;
  await sql`select app_jobs.add_job(${tenant}, 'x', '{"n":1}', 'k')`;
  await isSent(1);
  await sql`select app_jobs.add_job(${tenant}, 'x', '{"n":2}', 'k', max_attempts => 1)`;
  await isSent(2);
  await sql`select app_jobs.retry_dead_jobs(array[1])`;
  await isSent(3);
  await sql`select app_jobs.retry_dead_jobs(array[1], '{"n":3}')`;
  await isSent(4);
  const sent = fn.requests.map(({ headers, body }) => [
    headers.get("X-Job-Id"),
    headers.get("Idempotency-Key"),
    body,
  ]);
  expect(sent).toEqual([
    ["1", `${tenant}:1`, '{"n":1}'],
    ["1", `${tenant}:1:1`, '{"n":2}'],
    ["1", `${tenant}:1:1`, '{"n":2}'],
    ["1", `${tenant}:1:2`, '{"n":3}'],
  ]);
});

test("at max_attempts a job is no longer sent", async () => {
  await using database = await withDatabase();
  await using fn = await withFunction(() => new Response(null, { status: 500 }));
  await using _service = await withJobService({ ...database.env, KNATIVE_SERVICE_URL: fn.url });
  await database.sql`select app_jobs.add_job(${tenant}, 'x', max_attempts => 1)`;
  await settled(database);
  await database.sql`select app_jobs.add_job(${tenant}, 'y')`;
  await database.sql`update app_jobs.jobs set run_at = now() - interval '1 hour'`;
  await until("the other was sent", () => fn.requests.some((request) => request.path === "/y"));
  expect(fn.requests.filter((request) => request.path === "/x")).toHaveLength(1);
});
