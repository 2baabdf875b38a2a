import { join } from "node:path";
import type { Sql } from "#db/connect";

const read = (name: string) => Bun.file(join(import.meta.dirname, "sample", name)).text();

/** Makes the tables that the mail functions read, where they are not there. */
export async function createSampleTables(sql: Sql): Promise<void> {
  await sql.unsafe(await read("tables.sql"));
}

/**
 * Adds one tenant with a site and a user. Rows that are there stay as they are.
 *
 * @param assetsUrl where the sample's pictures are served, without a slash at its end.
 */
export async function addSampleRows(sql: Sql, assetsUrl: string): Promise<void> {
  await sql.unsafe((await read("rows.sql")).replaceAll("{assets}", assetsUrl));
}
