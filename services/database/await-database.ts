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

/** How work in a database can be heard of. */
export type Reach = { readonly isPooled: boolean; readonly isQuiet: boolean };

/**
 * Resolves when the database answers and has the queue's schema. A database that is away is waited for, with a line in the
 * log; one that refuses us, or has no queue, ends the start. Gives whether a connection pooler stands before it, through which
 * the pool works from then on; and whether it keeps all notifications to itself (jobs.notify = 'never').
 *
 * @throws StartError naming the setting or the command that mends it.
 */
export async function awaitDatabase(
  pool: Pool,
  { settings, log, signal }: AwaitDatabaseOptions,
): Promise<Reach> {
  const look = async () => {
    const { isPooled } = await pool.adapt();
    const isQuiet = await checkSchema(pool, settings);
    await checkSession(pool, settings);
    return { isPooled, isQuiet };
  };
  const onAway = (error: unknown) => {
    log.warn(`waiting for the database ${describeDatabase(settings)}`, { error });
  };
  try {
    return (await whileAway(look, { signal, onAway })) ?? { isPooled: false, isQuiet: false };
  } catch (error) {
    throw databaseFault(error, settings);
  }
}

/** Types of the parameters of get_jobs, by which its present form is told from older ones. */
const parameters = ["uuid", "int4", "text[]", "text[]", "json", "int8[]", "uuid[]", "float8", "int4"];

/** Gives whether the database notifies nobody. */
async function checkSchema(pool: Pool, settings: AwaitDatabaseOptions["settings"]): Promise<boolean> {
  const schema = settings.JOBS_SCHEMA;
  const name = `${schema}.get_jobs(${parameters.map((type) => `pg_catalog.${type}`).join(", ")})`;
  const rows = await pool.unsafe<{ exists: boolean; isQuiet: boolean }>(
    `select pg_catalog.to_regprocedure($1) is not null as exists,
       pg_catalog.current_setting('jobs.notify', true) is not distinct from 'never' as "isQuiet"`,
    [name as never],
  );
  const { exists, isQuiet } = onlyRow(rows);
  if (exists) return isQuiet;
  throw new StartError(
    `Cannot use the database ${describeDatabase(settings)}: its schema ${schema} has no job queue, or an older one. Run "bun run db:migrate" against it, or set JOBS_SCHEMA.`,
  );
}
