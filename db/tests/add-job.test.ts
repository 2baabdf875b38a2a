import { expect, test } from "bun:test";
import postgres from "postgres";
import { withDatabase } from "../../services/testing/with-database.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";
const other = "00000000-0000-4000-8000-000000000001";

test("a job has the documented defaults, and null for an argument means its default", async () => {
  await using db = await withDatabase();
  const columns = db.sql`queue_name, payload::text, priority, attempts, max_attempts, key, last_error, locked_at, locked_by`;
  await db.sql`select app_jobs.add_job(${tenant}, 'plain')`;
  await db.sql`select app_jobs.add_job(${tenant}, 'nulls', null, null, null, null, null, null)`;
  const defaults = {
    queue_name: null,
    payload: "{}",
    priority: 0,
    attempts: 0,
    max_attempts: 25,
    key: null,
    last_error: null,
    locked_at: null,
    locked_by: null,
  };
  expect([...(await db.sql`select ${columns} from app_jobs.jobs`)]).toEqual([defaults, defaults]);
  expect(
    await db.sql`select from app_jobs.jobs where run_at between now() - interval '1 minute' and now()`,
  ).toHaveLength(2);
});

test("arguments by name and by position are the same ones", async () => {
  await using db = await withDatabase();
  await db.sql`
    select app_jobs.add_job(${tenant}, 'a', '{"n":1}', 'k1', 'q', '2030-01-01Z', 3, -5),
      app_jobs.add_job(identifier => 'a', db_id => ${tenant}, priority => -5, max_attempts => 3,
        run_at => '2030-01-01Z', queue_name => 'q', job_key => 'k2', payload => '{"n":1}')`;
  const rows = await db.sql`
    select database_id, task_identifier, payload::text, queue_name, run_at, max_attempts, priority from app_jobs.jobs`;
  expect(rows).toHaveLength(2);
  expect(rows[0]).toEqual(rows[1]);
});

test("a plain insert with the seed's columns makes a job that runs", async () => {
  await using db = await withDatabase();
  await db.sql`insert into app_jobs.jobs (database_id, task_identifier, payload) values (${tenant}, 'a', '{"x":1}')`;
  const [job] = await db.sql`select task_identifier, attempts from app_jobs.get_job('w')`;
  expect(job).toEqual({ task_identifier: "a", attempts: 1 });
});

test("a rolled-back transaction leaves no job", async () => {
  await using db = await withDatabase();
  const failed = db.sql.begin(async (sql) => {
    await sql`select app_jobs.add_job(${tenant}, 'a', queue_name => 'q')`;
    throw new Error("changed my mind");
  });
  expect(await failed.catch(String)).toContain("changed my mind");
  expect(await db.sql`select from app_jobs.jobs`).toHaveLength(0);
});

test("a key replaces the waiting job of its tenant, whatever it went through", async () => {
  await using db = await withDatabase();
  await db.sql`select app_jobs.add_job(${tenant}, 'old', '{"n":1}', 'k', 'q1')`;
  await db.sql`select app_jobs.fail_job('w', id, 'no') from app_jobs.get_job('w')`;
  await db.sql`select app_jobs.add_job(${tenant}, 'new', '{"n":2}', 'k', 'q2', max_attempts => 7)`;
  const rows = await db.sql`
    select task_identifier, payload, queue_name, attempts, max_attempts, last_error, key, run_at <= now() as is_due
    from app_jobs.jobs`;
  expect([...rows]).toEqual([
    {
      task_identifier: "new",
      payload: { n: 2 },
      queue_name: "q2",
      attempts: 0,
      max_attempts: 7,
      last_error: null,
      key: "k",
      is_due: true,
    },
  ]);
});

test("a key of one tenant never touches another's job", async () => {
  await using db = await withDatabase();
  await db.sql`select app_jobs.add_job(${tenant}, 'a', '{"of":"tenant"}', 'k')`;
  await db.sql`select app_jobs.add_job(${other}, 'a', '{"of":"other"}', 'k')`;
  const rows = await db.sql`select database_id, payload ->> 'of' as of from app_jobs.jobs order by id`;
  expect([...rows]).toEqual([
    { database_id: tenant, of: "tenant" },
    { database_id: other, of: "other" },
  ]);
});

test("a running job loses its key and its retries to the new one", async () => {
  await using db = await withDatabase();
  await db.sql`select app_jobs.add_job(${tenant}, 'a', '{"n":1}', 'k')`;
  await db.sql`select app_jobs.get_job('w')`;
  await db.sql`select app_jobs.add_job(${tenant}, 'a', '{"n":2}', 'k')`;
  await db.sql`select app_jobs.fail_job('w', id, 'no') from app_jobs.jobs where locked_by = 'w'`;
  expect([...(await db.sql`select payload ->> 'n' as n, key from app_jobs.jobs`)]).toEqual([
    { n: "2", key: "k" },
  ]);
  const dead = await db.sql`select payload ->> 'n' as n, key, reason from app_jobs.dead_jobs`;
  expect([...dead]).toEqual([{ n: "1", key: null, reason: "superseded" }]);
});

test("transactions that use one key at once leave one job", async () => {
  await using db = await withDatabase();
  const calls = Array.from({ length: 20 }, (_, i) =>
    db.sql`select app_jobs.add_job(${tenant}, 'a', job_key => 'k', priority => ${i})`.execute(),
  );
  await Promise.all(calls);
  expect(await db.sql`select from app_jobs.jobs`).toHaveLength(1);
});

test.each([
  ["order, spaces and doubles", '{ "b": 1,  "a": 2, "b": 3 }\n'],
  ["emoji and right-to-left", '{"text":"👩‍👩‍👧 مرحبا שלום"}'],
  ["a NUL, escaped", '{"text":"a\\u0000b"}'],
  ["a megabyte", JSON.stringify({ text: "x".repeat(1_048_576) })],
  ["no object", "[1, null]"],
])("a payload with %s comes out byte for byte", async (_, payload) => {
  await using db = await withDatabase();
  await db.sql.unsafe("select app_jobs.add_job($1, 'a', $2::text::json)", [tenant, payload]);
  const [job] = await db.sql<{ payload: string }[]>`select payload::text from app_jobs.get_job('w')`;
  expect(job?.payload === payload).toBe(true);
});

test.each([
  ["null", "'a'", "INVALID_DATABASE_ID"],
  [`'${tenant}'`, "null", "INVALID_TASK_IDENTIFIER"],
  [`'${tenant}'`, "''", "INVALID_TASK_IDENTIFIER"],
  [`'${tenant}'`, "'a', '{]'", "invalid input syntax for type json"],
])("add_job(%s, %s) is refused with %s", async (id, rest, reason) => {
  await using db = await withDatabase();
  const failure = await db.sql.unsafe(`select app_jobs.add_job(${id}, ${rest})`).catch(String);
  expect(failure).toContain(reason);
});

const limits: readonly (readonly [parameter: string, widest: string, refused: string, fault: string])[] = [
  ["identifier", "repeat('é', 126)", "repeat('é', 127)", "an identifier of more than 126 characters"],
  ["queue_name", "repeat('é', 126)", "repeat('é', 127)", "a queue_name of more than 126 characters"],
  ["job_key", "repeat('é', 512)", "repeat('é', 513)", "a job_key of more than 512 characters"],
  ["max_attempts", "1", "0", "max_attempts below 1"],
];

test.each(limits)("%s is taken up to its limit, and refused in words beyond it", async (...limit) => {
  const [parameter, widest, refused, fault] = limit;
  await using db = await withDatabase();
  for (const name of ["add_job", "add_scheduled_job"]) {
    const call = (value: string) => {
      const identifier = parameter === "identifier" ? "" : ", identifier => 'a'";
      const payload = `payload => '{"token":"s3cret"}'`;
      return `select app_jobs.${name}(db_id => '${tenant}'${identifier}, ${payload}, ${parameter} => ${value})`;
    };
    await db.sql.unsafe(call(widest));
    const error = await db.sql.unsafe(call(refused)).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof postgres.PostgresError)) throw new Error("It was not refused.");
    expect({ message: error.message, code: error.code, detail: error.detail }).toEqual({
      message: "INVALID_JOB",
      code: "23514",
      detail: `${name} was called with ${fault}.`,
    });
  }
});
