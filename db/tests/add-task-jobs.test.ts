import { expect, test } from "bun:test";
import postgres from "postgres";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

const columns = `id, database_id, task_identifier as task, payload::text as payload, key, queue_name, max_attempts, priority,
  attempts, run_at, traceparent, tracestate`;

const addTaskJobs = ({ sql }: TestDatabase, payloads: readonly (string | null)[], more = "") =>
  sql.unsafe(
    `select ${columns} from app_jobs.add_task_jobs($1::text::uuid, 'mail', $2::text[]::json[]${more})`,
    [tenant, [...payloads]] as string[],
  );

test("jobs of one task are what as many calls of add_job make", async () => {
  await using db = await withDatabase();
  const run = "2030-01-01T00:00:00Z";
  await addTaskJobs(db, ['{"n":1}', null]);
  await addTaskJobs(db, ['{"n":3}'], `, null, 'q', '${run}', 3, -5, 'parent', 'state'`);
  await db.sql`
    select app_jobs.add_job(${tenant}, 'mail', '{"n":1}'), app_jobs.add_job(${tenant}, 'mail', null),
      app_jobs.add_job(${tenant}, 'mail', '{"n":3}', null, 'q', ${run}, 3, -5, 'parent', 'state')`;
  const rows = await db.sql.unsafe(
    `select ${columns.replace("id, ", "").replace("run_at", "run_at > now() as is_later")} from app_jobs.jobs order by id`,
  );
  expect(rows.slice(0, 3)).toEqual(rows.slice(3));
});

test("jobs of one task keep their payloads' order and bytes", async () => {
  await using db = await withDatabase();
  const payloads = Array.from({ length: 500 }, (_, n) => `{ "n": ${n},  "a": "👩 مرحبا" }`);
  const added = await addTaskJobs(db, payloads, ", queue_name => 'q'");
  expect(added.map(({ payload }) => payload)).toEqual(payloads);
  const inOrder = await db.sql`select payload::text from app_jobs.jobs order by id`;
  expect(inOrder.map(({ payload }) => payload)).toEqual(payloads);
  expect((await db.sql`select payload::text from app_jobs.get_job('w')`)[0]?.["payload"]).toBe(
    payloads[0] ?? "",
  );
});

test("a job of one task with a key replaces the waiting one, and a job without one is new", async () => {
  await using db = await withDatabase();
  await addTaskJobs(db, ['{"n":1}', '{"n":2}'], ", array['a', null]");
  await addTaskJobs(db, ['{"n":3}', '{"n":4}', '{"n":5}'], ", array['b', 'a', null]");
  const rows = await db.sql`select key, payload::text from app_jobs.jobs order by payload::text`;
  expect(rows.map(({ key, payload }) => `${key} ${payload}`)).toEqual([
    'null {"n":2}',
    'b {"n":3}',
    'a {"n":4}',
    'null {"n":5}',
  ]);
});

test("no payloads make no jobs", async () => {
  await using db = await withDatabase();
  expect(await addTaskJobs(db, [])).toHaveLength(0);
  expect(
    await db.sql`select from app_jobs.add_task_jobs(${tenant}, 'mail', null, job_keys => array[]::text[])`,
  ).toHaveLength(0);
});

test.each([
  ["INVALID_DATABASE_ID", "null, 'mail', array['{}']::json[]"],
  ["INVALID_TASK_IDENTIFIER", `'${tenant}', null, array['{}']::json[]`],
  ["INVALID_TASK_IDENTIFIER", `'${tenant}', '', array['{}']::json[]`],
  ["INVALID_JOB_KEYS", `'${tenant}', 'mail', array['{}', '{}']::json[], array['a']`],
  ["INVALID_JOB_KEYS", `'${tenant}', 'mail', null, array['a']`],
  ["INVALID_JOB", `'${tenant}', 'mail', array['{}']::json[], max_attempts => 0`],
  ["INVALID_JOB", `'${tenant}', 'mail', array['{}']::json[], queue_name => repeat('q', 127)`],
  ["INVALID_JOB", `'${tenant}', 'mail', array['{}', '{}']::json[], array['a', repeat('k', 513)]`],
])("%s is raised by add_task_jobs(%s), which adds nothing", async (name, args) => {
  await using db = await withDatabase();
  const error = await db.sql.unsafe(`select app_jobs.add_task_jobs(${args})`).then(
    () => null,
    (raised: unknown) => raised,
  );
  expect(error).toBeInstanceOf(postgres.PostgresError);
  expect(String(error)).toContain(name);
  expect(await db.sql`select from app_jobs.jobs`).toHaveLength(0);
});
