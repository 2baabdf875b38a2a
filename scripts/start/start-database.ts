import { mkdir, readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { z } from "zod";
import { connect, type DatabaseSettings, type Sql } from "../../db/client/connect.ts";
import { reach } from "../../db/client/reach.ts";
import { migrate } from "../../db/migrate.ts";
import { addSampleRows, createSampleTables } from "../../services/admin-api/load-sample.ts";
import { connectionSettings, postgresSettings } from "../../services/config/postgres-settings.ts";
import { readSettings } from "../../services/config/read-settings.ts";
import { databaseFault, describeDatabase, leftOutLines } from "../../services/database/describe-database.ts";
import { StartError } from "../../services/http/serve.ts";
import {
  LocalPostgresError,
  localPostgresUser,
  startLocalPostgres,
} from "../../services/local-postgres/start-local-postgres.ts";
import type { StackOptions } from "./start-stack.ts";

/** Database of the embedded server, as the seed names it. */
const databaseName = "constructive";

/** The stack's database, and the schema of the jobs in it. */
export type StackDatabase = DatabaseSettings & { readonly JOBS_SCHEMA: string };

/**
 * Starts the embedded Postgres, or takes the server that PGHOST or DATABASE_URL names, where that was asked for; brings its schema up
 * to date, and makes the tables of the sample.
 *
 * @throws StartError or ConfigError in one message.
 */
export async function startDatabase(options: StackOptions): Promise<StackDatabase> {
  const { env, maySeed, onUp, log } = options;
  const settings =
    env["PGHOST"] || env["DATABASE_URL"]
      ? { ...readSettings("the local stack", connectionSettings, env), isForeign: true }
      : {
          ...readSettings("the local stack", z.object(postgresSettings).pick({ JOBS_SCHEMA: true }), env),
          ...(await startEmbedded(options)),
          isForeign: false,
        };
  if (settings.isForeign && !maySeed) throw needsConsent(settings, env);
  await withConnection(settings, reach).catch((error: unknown) => {
    throw databaseFault(error, settings);
  });
  for (const line of leftOutLines(settings)) log.warn(line);
  onUp("Postgres", describeDatabase(settings));
  const { applied, total } = await migrate(settings, settings.JOBS_SCHEMA);
  await withConnection(settings, createSampleTables);
  onUp("migrations", applied === 0 ? `all ${total} were applied before` : `${applied} applied`);
  return settings;
}

/** PGHOST is exported in many a shell, and where it leads may be somebody's production. */
function needsConsent(settings: StackDatabase, env: StackOptions["env"]): StartError {
  const variable = env["DATABASE_URL"] ? "DATABASE_URL" : "PGHOST";
  return new StartError(
    `Cannot start the local stack: ${variable} is set, and leads to the database ${describeDatabase(settings)}, which is not the stack's own. ` +
      `It would get the schema ${settings.JOBS_SCHEMA} and a sample (metaschema_public, services_public, roles_public), and its jobs would be run here. ` +
      `If that is meant, say "bun run start --seed"; else unset ${variable}, and the stack starts a Postgres of its own.`,
  );
}

/** Adds the sample's rows. */
export async function addSample(settings: DatabaseSettings, assetsUrl: string): Promise<void> {
  await withConnection(settings, (sql) => addSampleRows(sql, assetsUrl));
}

async function startEmbedded({ settings, isFresh, onStop }: StackOptions): Promise<DatabaseSettings> {
  const dataFolder = resolve(settings.LOCAL_DATA_FOLDER);
  const folder = join(dataFolder, "postgres");
  if (isFresh) await removeCluster(folder);
  await mkdir(dataFolder, { recursive: true });
  const server = await startLocalPostgres({ folder, port: settings.LOCAL_POSTGRES_PORT }).catch(
    (error: unknown) => {
      throw explain(error);
    },
  );
  onStop(server.stop);
  const admin = {
    PGHOST: "127.0.0.1",
    PGPORT: server.port,
    PGUSER: localPostgresUser,
    PGPASSWORD: localPostgresUser,
    PGDATABASE: "postgres",
  };
  await withConnection(admin, async (sql) => {
    const found = await sql`select from pg_database where datname = ${databaseName}`;
    if (found.length === 0) await sql`create database ${sql(databaseName)}`;
  });
  return { ...admin, PGDATABASE: databaseName };
}

async function withConnection(settings: DatabaseSettings, work: (sql: Sql) => Promise<void>): Promise<void> {
  const sql = connect(settings, { max: 1, name: "jobs-start" });
  try {
    await work(sql);
  } finally {
    await sql.end();
  }
}

async function removeCluster(folder: string): Promise<void> {
  const lock = await readFile(join(folder, "postmaster.pid"), "utf8").catch(() => "");
  const pid = Number(lock.split("\n")[0]);
  if (pid > 0 && isAlive(pid))
    throw new StartError(
      `Cannot start anew: a Postgres server uses ${folder} (process ${pid}). Stop the other "bun run start" first.`,
    );
  await rm(folder, { recursive: true, force: true });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function explain(error: unknown): unknown {
  if (!(error instanceof LocalPostgresError)) return error;
  switch (error.reason) {
    case "port taken":
      return new StartError(
        `${error.message} Set LOCAL_POSTGRES_PORT to another, or stop what listens there.`,
        {
          cause: error,
        },
      );
    case "folder in use":
      return new StartError(
        `${error.message} Is "bun run start" running already? LOCAL_DATA_FOLDER sets another.`,
        {
          cause: error,
        },
      );
    case "failed":
      return new StartError(error.message, { cause: error });
  }
}
