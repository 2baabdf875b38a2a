import { expect, test } from "bun:test";
import postgres from "postgres";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

async function withTrigger(call: string): Promise<TestDatabase> {
  const db = await withDatabase();
  await db.sql.unsafe(`
    create table public.users (id integer primary key, name text, secret text);
    create trigger on_user after insert on public.users for each row execute function app_jobs.${call}`);
  return db;
}

const insert = (db: TestDatabase, claim: string | null) =>
  db.sql.begin(async (sql) => {
    if (claim !== null) await sql`select set_config('jwt.claims.database_id', ${claim}, true)`;
    await sql`insert into public.users values (7, 'Ada', 'x')`;
  });

/** Gives what psql prints of a refusal: its message, detail and hint. */
async function failure(refused: Promise<unknown>): Promise<string> {
  const error = await refused.then(
    () => "nothing was refused",
    (thrown: unknown) => thrown,
  );
  return error instanceof postgres.PostgresError
    ? [error.message, error.detail, error.hint].join("\n")
    : String(error);
}

test.each([
  ["tg_add_job_with_row('greet')", { id: 7, name: "Ada", secret: "x" }],
  ["tg_add_job_with_row_id('greet')", { id: 7 }],
  ["trigger_job_with_fields('greet', 'name')", { name: "Ada" }],
])("%s enqueues for the tenant of the session", async (call, payload) => {
  await using db = await withTrigger(call);
  await insert(db, tenant);
  const jobs = await db.sql`select database_id, task_identifier, payload from app_jobs.jobs`;
  expect([...jobs]).toEqual([{ database_id: tenant, task_identifier: "greet", payload }]);
});

test.each([
  "tg_add_job_with_row('greet')",
  "tg_add_job_with_row_id('greet')",
  "trigger_job_with_fields('greet', 'name')",
])("%s says that jwt.claims.database_id is not set", async (call) => {
  await using db = await withTrigger(call);
  for (const claim of [null, ""])
    expect(await failure(insert(db, claim))).toMatch(/^DATABASE_ID_NOT_SET.*jwt\.claims\.database_id/s);
});

test.each([
  ["trigger_job_with_fields('greet', 'nmae')", "nmae"],
  ["tg_add_job_with_row()", "INVALID_TRIGGER\nTrigger on_user on public.users names no task."],
  ["tg_add_job_with_row_id('')", "INVALID_TRIGGER\nTrigger on_user on public.users names no task."],
  ["trigger_job_with_fields()", "INVALID_TRIGGER\nTrigger on_user on public.users names no task."],
])("%s names what is wrong", async (call, named) => {
  await using db = await withTrigger(call);
  expect(await failure(insert(db, tenant))).toContain(named);
});

test("a trigger that sends the id of a table without one is named, with its table", async () => {
  await using db = await withTrigger("tg_add_job_with_row_id('greet')");
  await db.sql`alter table public.users rename column id to number`;
  expect(await failure(insert(db, tenant))).toStartWith(
    'INVALID_TRIGGER\nTrigger on_user on public.users sends the column "id", which the table does not have.',
  );
});
