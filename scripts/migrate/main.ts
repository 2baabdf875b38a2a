import { Command } from "commander";
import { AdoptionError } from "../../db/adopt/adopt.ts";
import { goBack, migrate } from "../../db/migrate.ts";
import { connectionSettings } from "../../services/config/postgres-settings.ts";
import { readSettings } from "../../services/config/read-settings.ts";
import { databaseFault, describeDatabase, leftOutLines } from "../../services/database/describe-database.ts";
import { isToldFault } from "../options/is-told-fault.ts";

const { back } = new Command("db:migrate")
  .description(
    "Brings the schema up to date, and adopts that of @pgpm/database-jobs (docs/moving/from-knative-job-service.md).",
  )
  .option("--back", "gives an adopted schema back, with the jobs that there are now")
  .parse()
  .opts<{ back?: boolean }>();

try {
  const settings = readSettings("the migration", connectionSettings, process.env);
  for (const line of leftOutLines(settings)) console.error(line);
  const what = await (back ? giveBack() : bringUpToDate()).catch((error: unknown) => {
    throw isToldFault(error) ? error : databaseFault(error, settings);
  });
  console.log(`Schema ${settings.JOBS_SCHEMA} of ${describeDatabase(settings)}: ${what}.`);

  async function giveBack(): Promise<string> {
    if (settings.JOBS_SCHEMA !== "app_jobs")
      throw new AdoptionError(
        `Cannot give ${settings.JOBS_SCHEMA} back: only app_jobs is adopted. Leave JOBS_SCHEMA out.`,
      );
    await goBack(settings);
    return "it is again as @pgpm/database-jobs made it, with all jobs";
  }

  async function bringUpToDate(): Promise<string> {
    const { applied, total, adopted } = await migrate(settings, settings.JOBS_SCHEMA);
    if (adopted) return "adopted from @pgpm/database-jobs, whose tables are put aside in app_jobs_before";
    return applied === 0 ? `all ${total} migrations were applied before` : `${applied} of ${total} applied`;
  }
} catch (error) {
  if (!isToldFault(error)) throw error;
  console.error(error.message);
  process.exit(1);
}
