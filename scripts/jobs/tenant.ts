import { CommandError, exitCodes } from "./command-error.ts";
import type { Queue } from "./open-queue.ts";

/**
 * Gives the database id that a new job or schedule belongs to: the one given, else DEFAULT_DATABASE_ID, else the only row
 * of metaschema_public.database.
 *
 * @throws CommandError when that leaves none, or a choice.
 */
export async function tenantOf(given: string | undefined, queue: Queue): Promise<string> {
  const named = given ?? queue.defaultDatabaseId;
  if (named !== undefined) return named;

  const [table] = await queue.sql<{ exists: boolean }[]>`
    select to_regclass('metaschema_public.database') is not null as exists`;
  if (table?.exists !== true) throw unknown("the table metaschema_public.database is not there to name one");
  const rows = await queue.sql<{ id: string; name: string | null }[]>`
    select id, to_jsonb(d) ->> 'name' as name from metaschema_public.database as d order by id limit 6`;
  const [only, another] = rows;
  if (only === undefined) throw unknown("the table metaschema_public.database is empty");
  if (another === undefined) return only.id;
  const names = rows.slice(0, 5).map((row) => (row.name === null ? row.id : `${row.id} ${row.name}`));
  const more = rows.length > 5 ? ", …" : "";
  throw unknown(`metaschema_public.database has several (${names.join(", ")}${more})`);
}

function unknown(reason: string): CommandError {
  return new CommandError(
    exitCodes.usage,
    `Cannot tell which database this is for: ${reason}. Pass --db UUID, or set DEFAULT_DATABASE_ID.`,
  );
}
