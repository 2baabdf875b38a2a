import { expect, test } from "bun:test";
import { join } from "node:path";
import { withDatabase } from "../../services/testing/with-database.ts";
import { root } from "../check/repository-files.ts";
import { renderSqlReference, sqlReferencePath } from "./sql-reference.ts";

test("docs/sql.md says what the comments of a migrated database say; if not, run bun run docs", async () => {
  await using database = await withDatabase();
  const page = await Bun.file(join(root, sqlReferencePath)).text();
  expect(page).toBe(await renderSqlReference(database.sql));
});
