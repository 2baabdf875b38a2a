import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type DatabaseSettings, type Sql } from "../../db/client/connect.ts";
import { migrate } from "../../db/migrate.ts";
import { type LocalPostgres, startLocalPostgres } from "../local-postgres/start-local-postgres.ts";

/** A database of one test's own; disposing of it closes its pool and drops it. */
export type TestDatabase = AsyncDisposable & {
  readonly url: string;
  readonly settings: DatabaseSettings;
  /** The same as environment variables, for a process or a service under test. */
  readonly env: { readonly DATABASE_URL: string };
  readonly sql: Sql;
};

type Cluster = { readonly server: LocalPostgres; readonly admin: Sql; readonly folder: string };
type Template = "empty" | "migrated";

// One server a test run, started by the first test that needs it and stopped by preload.ts.
let cluster: Promise<Cluster> | undefined;
let count = 0;

/**
 * Gives a fresh database: a clone of one that has the migrations, or an empty one.
 *
 * The server is this test run's own, real Postgres 18 on a free port, started at first use.
 */
export async function withDatabase(template: Template = "migrated"): Promise<TestDatabase> {
  cluster ??= startCluster();
  const { server, admin } = await cluster;
  const name = `test_${process.pid}_${++count}`;
  await admin.unsafe(
    `create database ${name} template ${template === "migrated" ? "migrated" : "template0"}`,
  );
  const settings = settingsOf(server, name);
  const sql = connect(settings, { max: 10, name: "test" });
  const url = settings.DATABASE_URL;
  return {
    url,
    settings,
    env: { DATABASE_URL: url },
    sql,
    [Symbol.asyncDispose]: async () => {
      await sql.end({ timeout: 1 });
      await admin.unsafe(`drop database if exists ${name} with (force)`);
    },
  };
}

/** Stops the test run's server, where one was started. */
export async function stopTestCluster(): Promise<void> {
  if (cluster === undefined) return;
  const { server, admin, folder } = await cluster;
  cluster = undefined;
  await admin.end({ timeout: 1 });
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

async function startCluster(): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), "jobs-test-"));
  const server = await startLocalPostgres({ folder: join(folder, "postgres"), port: 0, durable: false });
  const admin = connect(settingsOf(server, "postgres"), { max: 1, name: "test-admin" });
  await admin.unsafe("create database migrated template template0");
  await migrate(settingsOf(server, "migrated"));
  return { server, admin, folder };
}

function settingsOf(server: LocalPostgres, database: string): DatabaseSettings & { DATABASE_URL: string } {
  const url = server.url.replace(/\/postgres$/, `/${database}`);
  return { DATABASE_URL: url, PGHOST: "", PGPORT: 0, PGUSER: "", PGDATABASE: "" };
}

/** Gives a database's settings as they are through a proxy on another port. */
export function throughPort(
  database: TestDatabase,
  port: number,
): DatabaseSettings & { DATABASE_URL: string } {
  const url = new URL(database.url);
  url.port = String(port);
  return { ...database.settings, DATABASE_URL: url.href };
}
