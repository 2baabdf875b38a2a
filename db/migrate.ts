import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DrizzleQueryError } from "drizzle-orm";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate as applyFolder } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";
import { adopt, backSql, findInstallation, runChangeover } from "./adopt/adopt.ts";
import { connect, type DatabaseSettings, onlyRow, type Sql } from "./client/connect.ts";
import { reach } from "./client/reach.ts";
import { migrationLock } from "./install-sql.ts";
import { readMigrations } from "./read-migrations.ts";
import { journalTable, migrationsFolder, renderMigrations } from "./render-migrations.ts";

/** What a migration run did. */
export type MigrationResult = {
  /** Files that this run applied. */
  readonly applied: number;
  /** Files that are applied now. */
  readonly total: number;
  /** Whether the schema was another system's until this run (docs/moving/from-knative-job-service.md). */
  readonly adopted: boolean;
};

/** Why a migration failed: the file, its line and what Postgres said. Nothing of that run was kept. */
export class MigrationError extends Error {
  override readonly name = "MigrationError";
}

/**
 * Brings the schema up to date and gives how many files that took. All files of a run are one transaction.
 *
 * Safe to run from several places at once: the second waits for the first and finds nothing left.
 *
 * @throws MigrationError naming the file, the line and the fault.
 */
export async function migrate(
  settings: DatabaseSettings,
  schema = "app_jobs",
  folder = migrationsFolder,
): Promise<MigrationResult> {
  return await alone(settings, async (sql) => {
    const found = await findInstallation(sql, schema);
    const adopted = found === "foreign" && schema === "app_jobs";
    const migrations = await readMigrations(schema, folder);
    if (adopted) await adopt(sql, migrations);
    const before = adopted ? 0 : await appliedFiles(sql, schema);
    if (found === "extension" && before < migrations.length)
      throw new MigrationError(
        `Cannot migrate: the schema ${schema} belongs to the extension pgpm-database-jobs. Use: alter extension "pgpm-database-jobs" update.`,
      );
    await using rendered = await renderMigrations(schema, folder);
    await apply(sql, schema, rendered.folder);
    const total = await appliedFiles(sql, schema);
    return { applied: total - before, total, adopted };
  });
}

/**
 * Puts back the tables and functions that an adoption put aside, with the jobs that there are now.
 *
 * @throws AdoptionError naming what is in the way; then nothing was changed.
 */
export async function goBack(settings: DatabaseSettings): Promise<void> {
  await alone(settings, (sql) => runChangeover(sql, backSql));
}

/** Runs work on a connection while no other migration runs. */
async function alone<T>(settings: DatabaseSettings, work: (sql: Sql) => Promise<T>): Promise<T> {
  const guard = connect(settings, { max: 1, name: "jobs-migrate-lock", prepare: false });
  const sql = connect(settings, { max: 1, name: "jobs-migrate", prepare: false });
  try {
    await reach(guard);
    // The lock is a transaction's, not a session's: behind a pooler a session is not ours to keep.
    return (await guard.begin(async (lock) => {
      // It stands idle while the migrations run, and waits for another's.
      await lock.unsafe(withoutLimits(true));
      await lock`select pg_advisory_xact_lock(${migrationLock})`;
      if (!(await isPooled(sql))) await sql.unsafe(withoutLimits(false));
      return work(sql);
    })) as T;
  } catch (error) {
    throw rightsFault(error) ?? error;
  } finally {
    await Promise.all([sql.end(), guard.end()]);
  }
}

/** Lifts what a role's or the server's settings may not suffer of a migration, for the transaction or for the session. */
function withoutLimits(isLocal: boolean): string {
  return `
    select pg_catalog.set_config(name, case when name like 'default%' then 'off' else '0' end, ${isLocal})
    from pg_catalog.pg_settings
    where name in ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout',
      'default_transaction_read_only')`;
}

/** Tells whether a pooler stands between: the session is not ours then. */
async function isPooled(sql: Sql): Promise<boolean> {
  const rows = await sql.unsafe<{ pid: number }[]>("select pg_catalog.pg_backend_pid() as pid");
  return onlyRow(rows).pid !== rows.state.pid;
}

/** Says which role may migrate, where this one may not. */
function rightsFault(fault: unknown): MigrationError | undefined {
  if (!(fault instanceof postgres.PostgresError) || fault.code !== "42501") return undefined;
  return new MigrationError(
    `Cannot migrate: ${fault.message}. Use the role that owns the schema, or for a new schema one that may make it (grant create on database).`,
    { cause: fault },
  );
}

async function apply(sql: Sql, schema: string, folder: string): Promise<void> {
  try {
    await applyFolder(drizzle(sql), {
      migrationsFolder: folder,
      migrationsSchema: schema,
      migrationsTable: journalTable,
    });
  } catch (error) {
    throw await explain(error, folder);
  }
}

/** Gives how many migrations the database has. */
async function appliedFiles(sql: Sql, schema: string): Promise<number> {
  const journal = `${schema}.${journalTable}`;
  const { exists } = onlyRow(
    await sql<{ exists: boolean }[]>`select to_regclass(${journal}) is not null as exists`,
  );
  if (!exists) return 0;
  return onlyRow(
    await sql<{ count: number }[]>`select count(*)::int as count from ${sql(schema)}.${sql(journalTable)}`,
  ).count;
}

async function explain(error: unknown, folder: string): Promise<unknown> {
  if (!(error instanceof DrizzleQueryError) || !(error.cause instanceof postgres.PostgresError)) return error;
  const fault = error.cause;
  for (const name of (await readdir(folder)).sort()) {
    if (!name.endsWith(".sql")) continue;
    const text = await readFile(join(folder, name), "utf8");
    if (text.trim() !== error.query.trim()) continue;
    const line =
      fault.position === undefined
        ? ""
        : `, line ${text.slice(0, Number(fault.position)).split("\n").length}`;
    return new MigrationError(
      `Cannot apply the migration ${name}${line}: ${fault.message} (SQL state ${fault.code}). Nothing of this run was kept.`,
      { cause: fault },
    );
  }
  return (
    rightsFault(fault) ??
    new MigrationError(`Cannot migrate: ${fault.message} (SQL state ${fault.code}).`, { cause: fault })
  );
}
