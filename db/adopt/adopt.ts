import postgres from "postgres";
import type { Sql } from "../client/connect.ts";
import { installSql, migrationLock } from "../install-sql.ts";
import type { Migration } from "../read-migrations.ts";
import afterText from "./after.sql" with { type: "text" };
import backText from "./back.sql" with { type: "text" };
import beforeText from "./before.sql" with { type: "text" };
import gateText from "./gate.sql" with { type: "text" };

/** Why an existing installation could not be adopted, or given back. Nothing was changed. */
export class AdoptionError extends Error {
  override readonly name = "AdoptionError";
}

/** How patient an adoption is with sessions that hold locks. */
export type Patience = {
  /** How often it tries; each try waits for half a second at most, during which nobody gets past it. */
  readonly tries: number;
  /** Pause between two tries, in ms. */
  readonly pauseMs: number;
};

// A minute and a half in all: an enqueuer whose transaction stays open longer is found better by a person.
const usualPatience: Patience = { tries: 60, pauseMs: 1000 };

/** Whose tables a schema holds: nobody's, ours, those of an extension of ours, or somebody else's. */
export type Installation = "none" | "ours" | "extension" | "foreign";

/** Gives whose tables a schema holds. A journal that lists nothing beside tables is what a failed attempt left. */
export async function findInstallation(sql: Sql, schema: string): Promise<Installation> {
  const [found] = await sql<{ jobs: boolean; journal: boolean; extension: boolean }[]>`
    select
      to_regclass(${`${schema}.jobs`}) is not null as jobs,
      to_regclass(${`${schema}.migrations`}) is not null as journal,
      exists (
        select
        from pg_depend as d
        inner join pg_extension as e on e.oid = d.refobjid
        where d.deptype = 'e' and d.classid = 'pg_namespace'::regclass and d.objid = to_regnamespace(${schema})
      ) as extension`;
  if (found === undefined || (!found.jobs && !found.journal)) return "none";
  const isOurs =
    found.journal && (!found.jobs || (await sql`select from ${sql(schema)}.migrations limit 1`).length > 0);
  if (!isOurs) return "foreign";
  return found.extension ? "extension" : "ours";
}

/** The statements that make callers wait for an adoption in the right place, for a transaction before it. See gate.sql. */
export const gateSql: string = gateText;

/**
 * Adopts what `@pgpm/database-jobs` made, in one transaction, while its workers run and jobs are enqueued.
 *
 * @throws AdoptionError naming what is in the way; then nothing was changed.
 */
export async function adopt(
  sql: Sql,
  migrations: readonly Migration[],
  patience = usualPatience,
): Promise<void> {
  await runChangeover(sql, gateSql, patience);
  await awaitOthers(sql);
  await runChangeover(sql, adoptionSql(migrations), patience);
}

/**
 * Waits until every transaction has ended that runs now: it may be in a function that has no gate yet. Not for longer than a
 * second, as one that lasts is idle in between; a call takes milliseconds.
 */
async function awaitOthers(sql: Sql): Promise<void> {
  const running = () => sql<{ id: string }[]>`
    select l.virtualxid || ' ' || l.pid as id
    from pg_locks as l
    inner join pg_stat_activity as a on a.pid = l.pid
    where l.locktype = 'virtualxid'
      and l.pid <> pg_backend_pid()
      and a.datname = current_database()
      and l.pid not in (
        select pid
        from pg_locks
        where locktype = 'advisory' and (classid::bigint << 32) + objid::bigint = ${migrationLock}
      )`;
  const first = (await running()).map(({ id }) => id);
  for (let looks = 0; looks < 100; looks++) {
    const now = new Set((await running()).map(({ id }) => id));
    if (!first.some((id) => now.has(id))) return;
    await Bun.sleep(10);
  }
}

/** Gives the statements that adopt what `@pgpm/database-jobs` made, for one transaction. See before.sql. */
export function adoptionSql(migrations: readonly Migration[]): string {
  return [beforeText, installSql(migrations), afterText].join("\n");
}

/** The statements that put back what an adoption put aside, with the jobs that there are now. See back.sql. */
export const backSql: string = backText;

/**
 * Runs such statements in one transaction, again and again while other sessions hold locks.
 *
 * @throws AdoptionError naming what is in the way.
 */
export async function runChangeover(sql: Sql, text: string, patience = usualPatience): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await sql.begin((transaction) => transaction.unsafe(text));
      return;
    } catch (error) {
      const isLocked = error instanceof postgres.PostgresError && ["55P03", "40P01"].includes(error.code);
      if (!isLocked || tries >= patience.tries) throw explain(error, isLocked);
      await Bun.sleep(patience.pauseMs);
    }
  }
}

function explain(error: unknown, isLocked: boolean): unknown {
  if (!(error instanceof postgres.PostgresError)) return error;
  const words = isLocked
    ? "Cannot change app_jobs over: other sessions hold locks on its tables. Look for long transactions in pg_stat_activity, and try again. Nothing was changed."
    : [error.message, error.hint ?? `(SQL state ${error.code})`].join(" ");
  return new AdoptionError(words, { cause: error });
}
