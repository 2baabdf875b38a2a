import { expect, test } from "bun:test";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";
import { withProcess } from "../../services/testing/with-process.ts";
import { connect } from "../client/connect.ts";
import { plainSql } from "../install-sql.ts";
import { migrate } from "../migrate.ts";
import { readMigrations } from "../read-migrations.ts";

const migrations = await readMigrations();
const form = { version: "1.0.0", schema: "app_jobs", migrations };

/** Runs a file as psql would: on one connection, which it leaves. */
async function run({ settings }: TestDatabase, text: string): Promise<void> {
  const sql = connect(settings, { max: 1, name: "test-psql", fetchTypes: false });
  try {
    await sql.unsafe(text);
  } finally {
    await sql.end();
  }
}

test("the plain file installs all, and db:migrate finds it done", async () => {
  await using database = await withDatabase("empty");
  await run(database, plainSql(form));
  expect(await migrate(database.settings)).toMatchObject({ applied: 0, total: migrations.length });
  await using other = await withDatabase();
  const journal = "select hash, created_at from app_jobs.migrations order by id";
  expect([...(await database.sql.unsafe(journal))]).toEqual([...(await other.sql.unsafe(journal))]);
});

test("the plain file may be run again, and a later one applies what is new", async () => {
  await using database = await withDatabase("empty");
  const { sql } = database;
  await run(database, plainSql({ ...form, migrations: migrations.slice(0, 12) }));
  await run(database, plainSql(form));
  await sql`select id from app_jobs.add_job(gen_random_uuid(), 'mail')`;
  await run(database, plainSql(form));
  expect(await sql`select from app_jobs.jobs`).toHaveLength(1);
  expect(await sql`select from app_jobs.migrations`).toHaveLength(migrations.length);
});

test("the plain file installs into another schema", async () => {
  await using database = await withDatabase("empty");
  await run(database, plainSql({ ...form, schema: "work", migrations: await readMigrations("work") }));
  expect(await migrate(database.settings, "work")).toMatchObject({ applied: 0 });
  expect(await database.sql`select from work.jobs`).toHaveLength(0);
});

test("the plain file leaves tables that are not ours alone", async () => {
  await using database = await withDatabase("empty");
  await database.sql.unsafe("create schema app_jobs; create table app_jobs.jobs (id bigint)");
  expect(await run(database, plainSql(form)).catch(String)).toContain(
    "the schema app_jobs holds tables that are not ours",
  );
});

test.each(["scripts/db-sql.ts", "scripts/db-extension.ts"])(
  "%s refuses a schema's name that is none in one line",
  async (script) => {
    await using command = withProcess(script, {}, ["--schema", "Work"]);
    expect(await command.exited).toBe(1);
    expect(command.output()).toBe(
      "error: option '--schema <name>' argument 'Work' is invalid. Expected a lower-case SQL identifier of at most 63 characters.\n",
    );
  },
);

test.each([
  [["--adopt", "--back"], {}, "option '--adopt' cannot be used with option '--back'"],
  [["--adopt"], { JOBS_SCHEMA: "work" }, "tables are adopted in the schema app_jobs alone, and not in work"],
  [["--back", "--schema", "work"], {}, "tables are adopted in the schema app_jobs alone, and not in work"],
])("db:sql refuses %j with %j", async (words, env, reason) => {
  await using command = withProcess("scripts/db-sql.ts", env, words);
  expect(await command.exited).toBe(1);
  expect(command.output()).toStartWith(`error: ${reason}`);
});

test("an empty JOBS_SCHEMA is none", async () => {
  await using command = withProcess("scripts/db-sql.ts", { JOBS_SCHEMA: "" });
  expect(await command.exited).toBe(0);
  expect(command.output().split("\n")[0]).toContain("schema app_jobs:");
});

test("the commands write the file, and the extension's files, where they are told to", async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "jobs-forms-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "jobs.sql");
  const plain = stack.use(withProcess("scripts/db-sql.ts", {}, [file]));
  const extension = stack.use(withProcess("scripts/db-extension.ts", {}, [folder]));
  expect([await plain.exited, await extension.exited]).toEqual([0, 0]);
  await using database = await withDatabase("empty");
  await run(database, await Bun.file(file).text());
  expect(await migrate(database.settings)).toMatchObject({ applied: 0 });
  expect(await readdir(join(folder, "extension"))).toContain("pgpm-database-jobs.control");
});
