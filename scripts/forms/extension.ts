import { join } from "node:path";
import { Command } from "commander";
import { extensionFiles, extensionName, releases } from "../../db/extension/extension-files.ts";
import { readMigrations } from "../../db/read-migrations.ts";
import packageJson from "../../package.json";
import { schemaOption } from "./schema-option.ts";

const command = new Command("db:extension")
  .description("Writes the schema as an extension, for a folder in Postgres's extension_control_path.")
  .argument("[folder]", "where to; the files go into its folder extension", "dist")
  .addOption(schemaOption("schema that it makes"))
  .parse();
const folder = join(command.processedArgs[0], "extension");
const { schema } = command.opts<{ schema: string }>();
const { version } = packageJson;
const files = extensionFiles({ version, schema, migrations: await readMigrations(schema), releases });
for (const { name, text } of files) await Bun.write(join(folder, name), text);
console.log(`${files.map(({ name }) => join(folder, name)).join("\n")}

Put them into Postgres's share/extension, or add ${command.processedArgs[0]} to extension_control_path (Postgres 18). Then:
  create extension if not exists "${extensionName}";`);
