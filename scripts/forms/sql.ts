import { Command } from "commander";
import { adoptionFile, backFile } from "../../db/adopt/adoption-files.ts";
import { plainSql } from "../../db/install-sql.ts";
import { readMigrations } from "../../db/read-migrations.ts";
import packageJson from "../../package.json";
import { schemaOption } from "./schema-option.ts";

const command = new Command("db:sql")
  .description("Writes the schema as one file of SQL, for psql or whatever else runs it.")
  .argument("[file]", "where to; standard output where it is left out")
  .option("--adopt", "what adopts the tables of @pgpm/database-jobs (db/adopting.md)")
  .option("--back", "what gives them back")
  .addOption(schemaOption("schema that it installs"))
  .parse();
const [file] = command.args;
const { adopt, back, schema } = command.opts<{ adopt?: boolean; back?: boolean; schema: string }>();
const text = await write();
await Bun.write(file ?? Bun.stdout, text);

async function write(): Promise<string> {
  if (back) return backFile();
  const migrations = await readMigrations(schema);
  return adopt
    ? adoptionFile(await readMigrations())
    : plainSql({ version: packageJson.version, schema, migrations });
}
