import { type DatabaseSettings, onlyRow } from "#db/connect";
import type { Pool } from "#db/open-pool";
import { StartError } from "../http/serve.ts";
import type { Log } from "../log/log.ts";
import { checkSession } from "./check-session.ts";
import { databaseFault, describeDatabase } from "./describe-database.ts";
import { whileAway } from "./while-away.ts";

/** What waiting for the database needs to know. */
export type AwaitDatabaseOptions = {
  readonly settings: DatabaseSettings & { readonly JOBS_SCHEMA: string };
  readonly log: Log;
  /** Ends the wait, as when the process is told to stop. */
  readonly signal: AbortSignal;
};

/**
 * Resolves when the database answers and has the queue's schema. A database that is away is waited for, with a line in the
 * log; one that refuses us, or has no queue, ends the start. Gives whether a connection pooler stands before it; the pool
 * works through that from then on.
 *
 * @throws StartError naming the setting or the command that mends it.
 */
export async function awaitDatabase(
  pool: Pool,
  { settings, log, signal }: AwaitDatabaseOptions,
): Promise<{ readonly isPooled: boolean }> {
  const look = async () => {
    const { isPooled } = await pool.adapt();
    await checkSchema(pool, settings);
    await checkSession(pool, settings);
    return { isPooled };
  };
  const onAway = (error: unknown) => {
    log.warn(`waiting for the database ${describeDatabase(settings)}`, { error });
  };
  try {
    return (await whileAway(look, { signal, onAway })) ?? { isPooled: false };
  } catch (error) {
    throw databaseFault(error, settings);
  }
}

/** Types of the parameters of get_jobs, by which its present form is told from older ones. */
const parameters = ["uuid", "int4", "text[]", "text[]", "json", "int8[]", "uuid[]", "float8"];

async function checkSchema(pool: Pool, settings: AwaitDatabaseOptions["settings"]): Promise<void> {
  const schema = settings.JOBS_SCHEMA;
  const name = `${schema}.get_jobs(${parameters.map((type) => `pg_catalog.${type}`).join(", ")})`;
  const rows = await pool.unsafe<{ exists: boolean }>(
    "select pg_catalog.to_regprocedure($1) is not null as exists",
    [name as never],
  );
  if (onlyRow(rows).exists) return;
  throw new StartError(
    `Cannot use the database ${describeDatabase(settings)}: its schema ${schema} has no job queue, or an older one. Run "bun run db:migrate" against it, or set JOBS_SCHEMA.`,
  );
}
