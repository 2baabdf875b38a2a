import { z } from "zod";
import { callbackUrlSettings, outcomeSettings } from "../config/callback-settings.ts";
import { checkDatabases, databaseSettings } from "../config/database-settings.ts";
import { logSettings } from "../config/log-settings.ts";
import { withCrossChecks } from "../config/with-cross-checks.ts";

/** All settings of a callback server that runs on its own. */
export const callbackSettings = withCrossChecks(
  z.object({
    ...databaseSettings,
    ...logSettings,
    ...outcomeSettings,
    JOBS_CALLBACK_BIND: callbackUrlSettings.JOBS_CALLBACK_BIND,
    INTERNAL_JOBS_CALLBACK_PORT: callbackUrlSettings.INTERNAL_JOBS_CALLBACK_PORT,
  }),
  checkDatabases,
);
