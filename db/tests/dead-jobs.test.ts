import { expect, test } from "bun:test";
import postgres from "postgres";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

/** Adds a job and claims it for a worker run; gives its lease. */
async function lease({ sql }: TestDatabase, options: { maxAttempts?: number; key?: string } = {}) {
  const { maxAttempts = 25, key = null } = options;
  const run = crypto.randomUUID();
  await sql`select app_jobs.register_worker(${run}, 'w', 60)`;
  await sql`select app_jobs.add_job(${tenant}, 'a', '{"n": 1}', ${key}, max_attempts => ${maxAttempts})`;
  const [claimed] = await sql<{ id: string; token: string }[]>`
    select id, lease_token as token from app_jobs.get_jobs(${run}, 1) where kind = 'job'`;
  return { run, id: claimed?.id ?? "", token: claimed?.token ?? "" };
}

async function fail({ sql }: TestDatabase, { id, token }: { id: string; token: string }, kind: string) {
  return await sql<{ id: string; attempts: number; max_attempts: number }[]>`
    select id, attempts, max_attempts from app_jobs.fail_leases(
      array[${id}::bigint], array[${token}::uuid], array[${kind}], array['no paint'], array[null::float8])`;
}

const letters = async ({ sql }: TestDatabase) => [
  ...(await sql<{ reason: string; error: string | null }[]>`
    select reason, last_error as error from app_jobs.dead_jobs order by id`),
];

const count = async ({ sql }: TestDatabase) =>
  (await sql<{ jobs: number }[]>`select count(*)::int as jobs from app_jobs.jobs`)[0]?.jobs;

test("dead_jobs has the columns of jobs, in their order, and two more", async () => {
  await using db = await withDatabase();
  const columns = async (table: string) =>
    (
      await db.sql<{ column: string }[]>`
        select attname || ' ' || format_type(atttypid, atttypmod) as column
        from pg_attribute where attrelid = ${table}::regclass and attnum > 0 and not attisdropped order by attnum`
    ).map(({ column }) => column);
  expect(await columns("app_jobs.dead_jobs")).toEqual([
    ...(await columns("app_jobs.jobs")),
    "died_at timestamp with time zone",
    "reason text",
  ]);
});

test("a job that failed for good is given to its reporter and moves to the dead ones", async () => {
  await using db = await withDatabase();
  expect([...(await fail(db, await lease(db), "dead"))]).toEqual([
    { id: "1", attempts: 25, max_attempts: 25 },
  ]);
  expect(await letters(db)).toEqual([{ reason: "failed for good", error: "no paint" }]);
  expect(await count(db)).toBe(0);
});

test("a job whose last attempt failed moves to the dead ones", async () => {
  await using db = await withDatabase();
  expect(await fail(db, await lease(db, { maxAttempts: 1 }), "retry")).toHaveLength(1);
  expect(await letters(db)).toEqual([{ reason: "out of attempts", error: "no paint" }]);
});

test("a job whose last attempt was lost with its worker moves to the dead ones", async () => {
  await using db = await withDatabase();
  await lease(db, { maxAttempts: 1 });
  await db.sql`update app_jobs.workers set lease_until = now() - interval '1 second'`;
  expect(await db.sql`select from app_jobs.rescue_jobs()`).toHaveLength(1);
  expect(await letters(db)).toEqual([
    { reason: "out of attempts", error: 'Worker "w" stopped without an answer: its lease ended.' },
  ]);
});

test.each(["retry", "unreachable", "release"])(
  "a superseded job that ends by %s moves to the dead ones",
  async (end) => {
    await using db = await withDatabase();
    const held = await lease(db, { key: "k" });
    await db.sql`select app_jobs.add_job(${tenant}, 'a', job_key => 'k')`;
    if (end === "release") await db.sql`select app_jobs.release_worker(${held.run})`;
    else await fail(db, held, end);
    expect(await letters(db)).toMatchObject([{ reason: "superseded" }]);
    expect(await count(db)).toBe(1);
  },
);

test.each([
  "select app_jobs.permanently_fail_jobs(array[1])",
  "select app_jobs.reschedule_jobs(array[1], attempts => 25)",
  "select app_jobs.reschedule_jobs(array[1], attempts => 3, max_attempts => 2)",
  "update app_jobs.jobs set attempts = max_attempts",
  "update app_jobs.jobs set max_attempts = 1, attempts = 1",
])("an operator's %s moves a waiting job to the dead ones", async (statement) => {
  await using db = await withDatabase();
  await db.sql`select app_jobs.add_job(${tenant}, 'a', queue_name => 'q')`;
  await db.sql.unsafe(statement);
  expect(await letters(db)).toMatchObject([{ reason: "by an operator" }]);
  expect(await count(db)).toBe(0);
});

test("a dead job goes back under its id, with its key and payload, all attempts, and its last error", async () => {
  await using db = await withDatabase();
  const held = await lease(db, { key: "k" });
  await fail(db, held, "dead");
  const [back] = await db.sql`
    select id, key, payload::text, attempts, last_error from app_jobs.retry_dead_jobs(array[1, 99])`;
  expect(back).toEqual({ id: held.id, key: "k", payload: '{"n": 1}', attempts: 0, last_error: "no paint" });
  expect(await letters(db)).toEqual([]);
  const [claimed] = await db.sql`select id, attempts from app_jobs.get_job('w')`;
  expect(claimed).toEqual({ id: held.id, attempts: 1 });
});

test("a dead job goes back edited, and leaves its key to the job that has it by now", async () => {
  await using db = await withDatabase();
  await fail(db, await lease(db, { key: "k" }), "dead");
  await db.sql`select app_jobs.add_job(${tenant}, 'a', job_key => 'k')`;
  const [back] = await db.sql`
    select key, payload::text, max_attempts, run_at
    from app_jobs.retry_dead_jobs(array[1], '{"n": 2}', '2100-01-01Z', 3)`;
  expect(back).toEqual({ key: null, payload: '{"n": 2}', max_attempts: 3, run_at: new Date("2100-01-01Z") });
  expect(await count(db)).toBe(2);
});

test("reschedule_jobs revives a dead job where it leaves an attempt, and discard_dead_jobs ends it", async () => {
  await using db = await withDatabase();
  await fail(db, await lease(db), "dead");
  expect(await db.sql`select from app_jobs.reschedule_jobs(array[1], priority => 3)`).toHaveLength(0);
  expect(await db.sql`select from app_jobs.reschedule_jobs(array[1], attempts => 0)`).toHaveLength(1);
  await db.sql`select app_jobs.permanently_fail_jobs(array[1])`;
  expect(await db.sql`select from app_jobs.discard_dead_jobs(array[1, 99])`).toHaveLength(1);
  expect(await letters(db)).toEqual([]);
});

test("a callback is told a repeat by the lease that killed the job, and refused with any other", async () => {
  await using db = await withDatabase();
  const held = await lease(db);
  await fail(db, held, "dead");
  const answer = async (token: string) =>
    (
      await db.sql<{ result: string }[]>`
        select app_jobs.callback_job(${held.id}, ${token}, '{"kind":"complete"}') as result`
    )[0]?.result;
  expect(await answer(held.token)).toBe("repeated");
  expect(await answer(crypto.randomUUID())).toBe("passed on");
});

test.each(["retry_dead_jobs", "reschedule_jobs"])(
  "%s refuses to leave a job no attempt at all",
  async (name) => {
    await using db = await withDatabase();
    await db.sql`select app_jobs.add_job(${tenant}, 'a')`;
    const error = await db.sql.unsafe(`select app_jobs.${name}(array[1], max_attempts => 0)`).then(
      () => null,
      (raised: unknown) => raised,
    );
    if (!(error instanceof postgres.PostgresError)) throw new Error("It was not refused.");
    expect(error.message).toBe("INVALID_JOB");
    expect(error.detail).toBe(`${name} was called with max_attempts below 1.`);
  },
);
