import { z } from "zod";
import { checkDatabases, databaseSettings } from "../config/database-settings.ts";
import { port } from "../config/kinds.ts";
import { logSettings } from "../config/log-settings.ts";
import { pollSettings } from "../config/poll-settings.ts";
import { withCrossChecks } from "../config/with-cross-checks.ts";

/** All settings of a scheduler that runs on its own. */
export const schedulerSettings = withCrossChecks(
  z.object({
    ...databaseSettings,
    ...logSettings,
    ...pollSettings,
    JOBS_SCHEDULER_PORT: port()
      .default(0)
      .describe("Port of the stand-alone scheduler's /healthz and /readyz; 0 takes a free one."),
  }),
  checkDatabases,
);
