import { z } from "zod";
import { checkDatabases, databaseSettings } from "../config/database-settings.ts";
import { logSettings } from "../config/log-settings.ts";
import { pollSettings } from "../config/poll-settings.ts";
import { withCrossChecks } from "../config/with-cross-checks.ts";
import { checkDispatch, dispatchSettings } from "../worker/settings.ts";

/** All settings of the job service: callback server, worker and scheduler in one process. */
export const jobServiceSettings = withCrossChecks(
  z.object({
    ...databaseSettings,
    ...logSettings,
    ...pollSettings,
    ...dispatchSettings,
  }),
  checkDispatch,
  checkDatabases,
);
