import { join } from "node:path";
import { connect } from "../../db/client/connect.ts";
import { migrate } from "../../db/migrate.ts";
import { startLocalPostgres } from "../../services/local-postgres/start-local-postgres.ts";
import { readRepository, root } from "../check/repository-files.ts";
import { findSettings } from "../check/settings-objects.ts";
import { renderSettingsTable, settingsPage, withSettingsTable } from "../check/settings-table.ts";
import { readOptions } from "../options/read-options.ts";
import { temporaryFolder } from "../options/temporary-folder.ts";
import { renderSqlReference, sqlReferencePath } from "./sql-reference.ts";

readOptions({});
await Promise.all([writeSettings(), writeSqlReference()]);
console.log(`Written: ${settingsPage}, ${sqlReferencePath}`);

async function writeSettings(): Promise<void> {
  const path = join(root, settingsPage);
  const page = await Bun.file(path).text();
  const table = renderSettingsTable(await findSettings(await readRepository()));
  await Bun.write(path, withSettingsTable(page, table) ?? page);
}

async function writeSqlReference(): Promise<void> {
  await using folder = await temporaryFolder("jobs-docs-");
  const server = await startLocalPostgres({ folder: join(folder.path, "postgres"), port: 0, durable: false });
  try {
    const settings = { DATABASE_URL: server.url, PGHOST: "", PGPORT: 0, PGUSER: "", PGDATABASE: "" };
    await migrate(settings);
    const sql = connect(settings, { max: 1, name: "docs" });
    await Bun.write(join(root, sqlReferencePath), await renderSqlReference(sql));
    await sql.end({ timeout: 1 });
  } finally {
    await server.stop();
  }
}
