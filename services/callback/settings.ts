import { z } from "zod";
import { callbackUrlSettings, outcomeSettings } from "../config/callback-settings.ts";
import { checkDatabases, databaseSettings } from "../config/database-settings.ts";
import { logSettings } from "../config/log-settings.ts";

/** All settings of a callback server that runs on its own. */
export const callbackSettings = z
  .object({
    ...databaseSettings,
    ...logSettings,
    ...outcomeSettings,
    INTERNAL_JOBS_CALLBACK_PORT: callbackUrlSettings.INTERNAL_JOBS_CALLBACK_PORT,
  })
  .superRefine(checkDatabases);
