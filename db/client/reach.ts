import type { Sql } from "./connect.ts";
import { createQueryWatch } from "./query-watch.ts";

/** As long as a connection may take to open. */
const patienceMs = 10_000;

/**
 * Asks the database for its first answer, for a command that a person waits for. Where something else listens on the port,
 * postgres.js would go on opening connections that are hung up on, and a command would never end.
 *
 * @throws the fault of the connection, or that no answer came in time; the pool is ended then.
 */
export async function reach(sql: Sql, withinMs = patienceMs): Promise<void> {
  try {
    await createQueryWatch().within(() => sql.unsafe("select 1"), withinMs);
  } catch (error) {
    await sql.end({ timeout: 0 });
    throw error;
  }
}
