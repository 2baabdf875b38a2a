import { onlyRow, type Sql } from "./connect.ts";

/**
 * Finds out whether a connection pooler, such as PgBouncer, stands before the database, and makes the pool work through one:
 * from then on it uses no named prepared statements, which live in one session of the server while in transaction mode
 * each statement may meet another. Gives whether there is one. Call it before the pool's first other query.
 *
 * A pooler is known by the backend's number: it has to give its clients one of its own, since theirs change. One in session
 * mode would not need this, and newer ones keep statements apart; an unnamed statement costs a round trip more.
 */
export async function adaptToPooler(sql: Sql): Promise<boolean> {
  const rows = await sql.unsafe<{ pid: number }[]>("select pg_backend_pid() as pid");
  const isPooled = onlyRow(rows).pid !== rows.state.pid;
  if (isPooled) sql.options.prepare = false;
  return isPooled;
}
