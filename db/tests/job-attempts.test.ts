import { expect, test } from "bun:test";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

type Lease = { readonly run: string; readonly id: string; readonly token: string };

/** Claims a job, which is added where there is none, for a run of the worker "w". */
async function lease({ sql }: TestDatabase, maxAttempts = 25): Promise<Lease> {
  const run = crypto.randomUUID();
  await sql`select app_jobs.register_worker(${run}, 'w', 60)`;
  const waiting = await sql`update app_jobs.jobs set run_at = now() where locked_at is null`;
  if (waiting.count === 0) await sql`select app_jobs.add_job(${tenant}, 'a', max_attempts => ${maxAttempts})`;
  const [claimed] = await sql<{ id: string; token: string }[]>`
    select id, lease_token as token from app_jobs.get_jobs(${run}, 1) where kind = 'job'`;
  return { run, id: claimed?.id ?? "", token: claimed?.token ?? "" };
}

async function fail(db: TestDatabase, kind: string, { error = "no paint", status = 500 } = {}) {
  const { id, token } = await lease(db);
  await db.sql`
    select app_jobs.fail_leases(array[${id}::bigint], array[${token}::uuid], array[${kind}], array[${error}],
      array[0::float8], http_statuses => array[${status}::int])`;
}

type Attempt = { readonly attempt: number; readonly outcome: string; readonly tries: number };

const history = async ({ sql }: TestDatabase): Promise<Attempt[]> => [
  ...(await sql<Attempt[]>`select attempt, outcome, tries from app_jobs.job_attempts order by job_id, id`),
];

const end = ({ sql }: TestDatabase) =>
  sql`update app_jobs.workers set lease_until = now() - interval '1 second'`;

test("a job that completes at its first attempt leaves no history", async () => {
  await using db = await withDatabase();
  const { id, token } = await lease(db);
  await db.sql`select app_jobs.complete_leases(array[${id}::bigint], array[${token}::uuid])`;
  expect(await history(db)).toEqual([]);
});

test("a failed attempt is recorded with its worker, status, error and times by the worker's clock", async () => {
  await using db = await withDatabase();
  const { id, token } = await lease(db);
  await db.sql`update app_jobs.jobs set locked_at = now() - interval '1 hour'`;
  await db.sql`
    select app_jobs.fail_leases(array[${id}::bigint], array[${token}::uuid], array['retry'], array[repeat('x', 5000)],
      array[null::float8], http_statuses => array[502], began_seconds_ago => array[60::float8], ended_seconds_ago => array[20::float8])`;
  const [row] = await db.sql`
    select job_id, attempt, tries, worker_id, outcome, http_status, length(error) as length,
      round(extract(epoch from ended_at - began_at))::int as seconds, ended_at < now() - interval '19 seconds' as ended_before
    from app_jobs.job_attempts`;
  expect(row).toEqual({
    job_id: id,
    attempt: 1,
    tries: 1,
    worker_id: "w",
    outcome: "retry",
    http_status: 502,
    length: 2000,
    seconds: 40,
    ended_before: true,
  });
});

test("failures, lost workers, missed callbacks, an operator's word and the last failure make one history", async () => {
  await using db = await withDatabase();
  await fail(db, "retry");
  await fail(db, "unreachable");
  await fail(db, "unreachable");
  await lease(db);
  await end(db);
  await db.sql`select app_jobs.rescue_jobs()`;
  const { id, token } = await lease(db);
  await db.sql`select app_jobs.accept_leases(array[${id}::bigint], array[${token}::uuid], -1)`;
  await db.sql`select app_jobs.rescue_jobs()`;
  await lease(db);
  await db.sql`select app_jobs.release_worker(run) from app_jobs.workers`;
  await db.sql`update app_jobs.jobs set run_at = now()`;
  await db.sql`select app_jobs.fail_job('plain', id, 'no') from app_jobs.get_job('plain')`;
  await fail(db, "dead");
  expect(await history(db)).toEqual([
    { attempt: 1, outcome: "retry", tries: 1 },
    { attempt: 2, outcome: "unreachable", tries: 2 },
    { attempt: 2, outcome: "lost", tries: 1 },
    { attempt: 3, outcome: "overdue", tries: 1 },
    { attempt: 4, outcome: "released", tries: 1 },
    { attempt: 4, outcome: "retry", tries: 1 },
    { attempt: 5, outcome: "dead", tries: 1 },
  ]);
  expect(await db.sql`select from app_jobs.dead_jobs`).toHaveLength(1);
});

test("a function out of reach for days makes one row, and a job keeps its latest hundred", async () => {
  await using db = await withDatabase();
  for (let n = 0; n < 3; n++) await fail(db, "unreachable", { error: `no. ${n}`, status: 503 });
  const [row] =
    await db.sql`select tries, error, ended_at > began_at as has_length from app_jobs.job_attempts`;
  expect(row).toEqual({ tries: 3, error: "no. 2", has_length: true });

  await db.sql`
    insert into app_jobs.job_attempts (job_id, attempt, tries, ended_at, outcome)
    select 1, 1, 1, now(), 'retry' from generate_series(1, 200)`;
  await fail(db, "retry", { error: "the latest" });
  const [kept] = await db.sql`
    select count(*)::int, (array_agg(error order by id desc))[1] as error from app_jobs.job_attempts`;
  expect(kept).toEqual({ count: 100, error: "the latest" });
});

test("a callback's failure is recorded, and a report that comes too late is not", async () => {
  await using db = await withDatabase();
  const { id, token } = await lease(db);
  const report = JSON.stringify({ kind: "retry", error: "no paint" });
  await db.sql`select app_jobs.callback_job(${id}, ${token}, ${report}::text::json)`;
  await db.sql`select app_jobs.callback_job(${id}, ${token}, ${report}::text::json)`;
  expect(await history(db)).toEqual([{ attempt: 1, outcome: "retry", tries: 1 }]);
});

test.each([
  "select app_jobs.reschedule_jobs(array[1], run_at => now())",
  "select app_jobs.permanently_fail_jobs(array[1])",
])("%s of a job whose lease has ended records the lost attempt", async (statement) => {
  await using db = await withDatabase();
  await lease(db);
  await end(db);
  await db.sql.unsafe(statement);
  const [first, second] = await history(db);
  expect(first).toEqual({ attempt: 1, outcome: "lost", tries: 1 });
  expect(second?.outcome).toBe(statement.includes("fail") ? "operator" : undefined);
});

const completions: readonly (readonly [string, (db: TestDatabase) => Promise<unknown>])[] = [
  [
    "complete_leases",
    async (db) => {
      const { id, token } = await lease(db);
      await db.sql`select app_jobs.complete_leases(array[${id}::bigint], array[${token}::uuid])`;
    },
  ],
  [
    "a callback",
    async (db) => {
      const { id, token } = await lease(db);
      await db.sql`select app_jobs.callback_job(${id}, ${token}, '{"kind":"complete"}')`;
    },
  ],
  [
    "complete_job",
    async ({ sql }) => {
      await sql`update app_jobs.jobs set run_at = now()`;
      await sql`select app_jobs.complete_job('w', id) from app_jobs.get_job('w')`;
    },
  ],
  ["complete_jobs", ({ sql }) => sql`select app_jobs.complete_jobs(array[1])`],
  ["an operator's delete", ({ sql }) => sql`delete from app_jobs.jobs`],
  ["an operator's truncate", ({ sql }) => sql`truncate app_jobs.jobs`],
];

test.each(completions)("a job that failed and ends by %s takes its history along", async (_, complete) => {
  await using db = await withDatabase();
  await fail(db, "retry");
  expect(await history(db)).toHaveLength(1);
  await complete(db);
  expect(await db.sql`select from app_jobs.jobs`).toHaveLength(0);
  expect(await history(db)).toEqual([]);
});

test("a dead job keeps its history, also when it is retried, until it completes", async () => {
  await using db = await withDatabase();
  await fail(db, "retry");
  await fail(db, "dead");
  await db.sql`select app_jobs.retry_dead_jobs(array[1])`;
  await fail(db, "retry");
  expect(await history(db)).toEqual([
    { attempt: 1, outcome: "retry", tries: 1 },
    { attempt: 2, outcome: "dead", tries: 1 },
    { attempt: 1, outcome: "retry", tries: 1 },
  ]);
  await db.sql`select app_jobs.complete_jobs(array[1])`;
  expect(await history(db)).toEqual([]);
});

test.each([
  "select app_jobs.discard_dead_jobs(array[1])",
  "select app_jobs.complete_jobs(array[1])",
  "delete from app_jobs.dead_jobs",
  "truncate app_jobs.dead_jobs",
])("a dead job that ends by %s takes its history along", async (statement) => {
  await using db = await withDatabase();
  await fail(db, "dead");
  expect(await history(db)).toHaveLength(1);
  await db.sql.unsafe(statement);
  expect(await history(db)).toEqual([]);
});
