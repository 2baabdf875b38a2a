import { expect, test } from "bun:test";
import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";
import { withProcess } from "../../services/testing/with-process.ts";
import { migrate } from "../migrate.ts";

const root = join(import.meta.dirname, "../..");
const files = (await readdir(join(root, "db/migrations"))).filter((name) => name.endsWith(".sql"));

/** A temporary copy of the migrations; disposing of it removes it. */
async function withMigrations(): Promise<AsyncDisposable & { folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), "jobs-migrations-test-"));
  await cp(join(root, "db/migrations"), folder, { recursive: true });
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

/** Runs the published drizzle-kit as a person would. */
async function drizzleKit(database: TestDatabase): Promise<number> {
  await using kit = withProcess("node_modules/drizzle-kit/bin.cjs", database.env, ["migrate"]);
  return await kit.exited;
}

const journal = (database: TestDatabase) =>
  database.sql<{ hash: string; created_at: string }[]>`
    select hash, created_at from app_jobs.migrations order by created_at`;

test("everything is applied once", async () => {
  await using database = await withDatabase("empty");
  expect(await migrate(database.settings)).toEqual({
    applied: files.length,
    total: files.length,
    adopted: false,
  });
  expect(await migrate(database.settings)).toEqual({ applied: 0, total: files.length, adopted: false });
});

test("several at once apply everything once between them", async () => {
  await using database = await withDatabase("empty");
  const runs = await Promise.all([1, 2, 3].map(() => migrate(database.settings)));
  expect(runs.reduce((sum, run) => sum + run.applied, 0)).toBe(files.length);
  expect(runs.map((run) => run.total)).toEqual([files.length, files.length, files.length]);
});

test("drizzle-kit and we agree on what is applied", async () => {
  await using ours = await withDatabase("empty");
  await using theirs = await withDatabase("empty");
  await migrate(ours.settings);
  expect(await drizzleKit(theirs)).toBe(0);
  expect([...(await journal(theirs))]).toEqual([...(await journal(ours))]);
  expect((await migrate(theirs.settings)).applied).toBe(0);
  expect(await drizzleKit(ours)).toBe(0);
  expect(await journal(ours)).toHaveLength(files.length);
});

test("another schema has everything of its own", async () => {
  await using database = await withDatabase("empty");
  await migrate(database.settings, "work");
  await migrate(database.settings);
  await database.sql`select work.add_job(gen_random_uuid(), 'mail', queue_name => 'q')`;
  expect(await database.sql`select from work.get_job('w')`).toHaveLength(1);
  expect(await database.sql`select from app_jobs.jobs`).toHaveLength(0);
  const leaks = await database.sql`
    select p.oid::regprocedure::text as name
    from pg_proc as p
    where p.pronamespace = 'work'::regnamespace and pg_get_functiondef(p.oid) ~ '\\mapp_jobs\\.'`;
  expect([...leaks]).toEqual([]);
});

test("a schema name that is no identifier is refused", async () => {
  await using database = await withDatabase("empty");
  const failure = await migrate(database.settings, 'a"b').catch(String);
  expect(failure).toContain('Cannot use the schema "a\\"b"');
});

test("a broken migration is named with its line, and nothing of the run is kept", async () => {
  await using database = await withDatabase("empty");
  await using copy = await withMigrations();
  const path = join(copy.folder, "0009_task_policies.sql");
  await Bun.write(path, `select 1;\n\nselect * from app_jobs.nowhere;\n${await Bun.file(path).text()}`);
  const failure = await migrate(database.settings, "app_jobs", copy.folder).catch(String);
  expect(failure).toBe(
    'MigrationError: Cannot apply the migration 0009_task_policies.sql, line 3: relation "app_jobs.nowhere" does not exist (SQL state 42P01). Nothing of this run was kept.',
  );
  const tables = await database.sql`select tablename from pg_tables where schemaname = 'app_jobs'`;
  expect([...tables]).toEqual([{ tablename: "migrations" }]);
  expect(await journal(database)).toHaveLength(0);
});

test("the command says what it did, or which setting is wrong", async () => {
  await using database = await withDatabase("empty");
  await using first = withProcess("scripts/migrate.ts", database.env);
  expect(await first.exited).toBe(0);
  expect(first.output()).toContain(`${files.length} of ${files.length} applied`);
  await using second = withProcess("scripts/migrate.ts", { DATABASE_URL: "postgres://a@127.0.0.1:1/b" });
  expect(await second.exited).toBe(1);
  expect(second.output()).toContain("Cannot use the database b at 127.0.0.1:1 as a: connect ECONNREFUSED");
});
