import { z } from "zod";
import { MigrationError, migrate } from "../../db/migrate.ts";
import { postgresSettings } from "../../services/config/postgres-settings.ts";
import { ConfigError, readSettings } from "../../services/config/read-settings.ts";
import { databaseFault, describeDatabase } from "../../services/database/await-database.ts";
import { StartError } from "../../services/http/serve.ts";

try {
  const settings = readSettings("the migration", z.object(postgresSettings), process.env);
  const { applied, total } = await migrate(settings, settings.JOBS_SCHEMA).catch((error: unknown) => {
    throw error instanceof MigrationError ? error : databaseFault(error, settings);
  });
  const what =
    applied === 0 ? `all ${total} migrations were applied before` : `${applied} of ${total} applied`;
  console.log(`Schema ${settings.JOBS_SCHEMA} of ${describeDatabase(settings)}: ${what}.`);
} catch (error) {
  const expected = [ConfigError, MigrationError, StartError].some((kind) => error instanceof kind);
  if (!expected) throw error;
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
