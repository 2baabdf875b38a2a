import { Command, Option } from "commander";
import { adoptionFile, backFile } from "../../db/adopt/adoption-files.ts";
import { plainSql } from "../../db/install-sql.ts";
import { readMigrations } from "../../db/read-migrations.ts";
import packageJson from "../../package.json";
import { schemaOption } from "./schema-option.ts";

const command = new Command("db:sql")
  .description("Writes the schema as one file of SQL, for psql or whatever else runs it.")
  .argument("[file]", "where to; standard output where it is left out")
  .addOption(
    new Option(
      "--adopt",
      "what adopts the tables of @pgpm/database-jobs (docs/moving/from-knative-job-service.md)",
    ).conflicts("back"),
  )
  .option("--back", "what gives them back")
  .addOption(schemaOption("schema that it installs"))
  .parse();
const [file] = command.args;
const { adopt, back, schema } = command.opts<{ adopt?: boolean; back?: boolean; schema: string }>();
if ((adopt || back) && schema !== "app_jobs")
  command.error(
    `error: tables are adopted in the schema app_jobs alone, and not in ${schema}. Leave --schema and JOBS_SCHEMA out.`,
  );
const text = await write();
await Bun.write(file ?? Bun.stdout, text);

async function write(): Promise<string> {
  if (back) return backFile();
  const migrations = await readMigrations(schema);
  return adopt
    ? adoptionFile(await readMigrations())
    : plainSql({ version: packageJson.version, schema, migrations });
}
