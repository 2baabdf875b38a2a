import { connect } from "../../db/client/connect.ts";
import { addSampleRows, createSampleTables } from "../../services/admin-api/load-sample.ts";
import { connectionSettings } from "../../services/config/postgres-settings.ts";
import { readSettings } from "../../services/config/read-settings.ts";
import { databaseFault } from "../../services/database/describe-database.ts";

// The one-shot `sample` of the compose file: the sample's tables and rows, which may be there already.

const [assetsUrl = "http://localhost:3001"] = process.argv.slice(2);
try {
  const settings = readSettings("the sample", connectionSettings, process.env);
  const sql = connect(settings, { max: 1, name: "jobs-sample" });
  try {
    await createSampleTables(sql);
    await addSampleRows(sql, assetsUrl);
  } catch (fault) {
    throw databaseFault(fault, settings);
  } finally {
    await sql.end();
  }
  console.log("The sample's tenant, site and user are there.");
} catch (fault) {
  console.error(fault instanceof Error ? fault.message : String(fault));
  process.exit(1);
}
