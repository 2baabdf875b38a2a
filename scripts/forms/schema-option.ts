import { InvalidArgumentError, Option } from "commander";
import { schemaName, schemaNameInWords } from "../../db/client/schema-name.ts";

/** Gives the option `--schema`, which JOBS_SCHEMA stands in for, where it is not empty; a name that is none is refused in one line. */
export function schemaOption(description: string): Option {
  return new Option("--schema <name>", description)
    .env("JOBS_SCHEMA")
    .default("app_jobs")
    .argParser((name) => {
      if (name === "" || schemaName.test(name)) return name || "app_jobs";
      throw new InvalidArgumentError(`Expected ${schemaNameInWords}.`);
    });
}
