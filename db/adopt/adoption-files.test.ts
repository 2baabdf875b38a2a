import { expect, test } from "bun:test";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withDatabase } from "../../services/testing/with-database.ts";
import { tenant, withOriginal } from "../../services/testing/with-original.ts";
import { withProcess } from "../../services/testing/with-process.ts";
import {
  createAdministrator,
  installPublishedService,
} from "../../services/testing/with-published-service.ts";
import { connect } from "../client/connect.ts";
import { migrate } from "../migrate.ts";
import { readMigrations } from "../read-migrations.ts";
import { adoptionFile, backFile } from "./adoption-files.ts";

const isInstalled = await installPublishedService();
const published = join(
  import.meta.dirname,
  "../../functions/runtime-tests/published-service/node_modules/@pgpm",
);

test.skipIf(!isInstalled)("the files of db:sql adopt and give back, as db:migrate does", async () => {
  await using database = await withOriginal();
  const psql = connect(database.settings, { max: 1, name: "test-psql", fetchTypes: false });
  await psql.unsafe(adoptionFile(await readMigrations()));
  expect(await migrate(database.settings)).toMatchObject({ applied: 0, adopted: false });
  const again = await psql.unsafe(adoptionFile(await readMigrations())).catch(String);
  expect(again).toContain("Cannot adopt app_jobs: it is ours already.");
  await psql.unsafe("rollback");
  await psql`select id from app_jobs.complete_job('work1', 1)`;
  await psql.unsafe(backFile());
  await psql.end();
  expect(await database.sql`select from app_jobs.jobs`).toHaveLength(7);
});

test.skipIf(!isInstalled)("the command adopts, gives back, and says what it did", async () => {
  await using database = await withOriginal();
  await using adoption = withProcess("scripts/migrate.ts", database.env);
  expect(await adoption.exited).toBe(0);
  expect(adoption.output()).toContain("adopted from @pgpm/database-jobs");
  await using back = withProcess("scripts/migrate.ts", database.env, ["--back"]);
  expect(await back.exited).toBe(0);
  expect(back.output()).toContain("it is again as @pgpm/database-jobs made it, with all jobs");
});

test.skipIf(!isInstalled)("what create extension made of the original is adopted too", async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "jobs-original-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  for (const name of ["verify", "database-jobs"]) {
    await cp(
      join(published, name, `pgpm-${name}.control`),
      join(folder, "extension", `pgpm-${name}.control`),
    );
    await cp(join(published, name, "sql"), join(folder, "extension"), { recursive: true });
  }
  const database = stack.use(await withDatabase("empty"));
  const { sql } = database;
  await createAdministrator(sql);
  await sql.begin(async (transaction) => {
    await transaction.unsafe(`set local extension_control_path = '$system:${folder}'`);
    await transaction.unsafe('create extension "pgpm-database-jobs" cascade');
  });
  await sql.unsafe(`select app_jobs.add_job('${tenant}', 'mail')`);

  expect(await migrate(database.settings)).toMatchObject({ adopted: true });
  expect(await sql`select from app_jobs.jobs`).toHaveLength(1);
  expect(await sql`select from pg_extension where extname = 'pgpm-database-jobs'`).toHaveLength(0);
});
