import { z } from "zod";
import { callbackUrlSettings, outcomeSettings } from "../config/callback-settings.ts";
import { logSettings } from "../config/log-settings.ts";
import { postgresSettings } from "../config/postgres-settings.ts";
import { querySettings } from "../config/query-settings.ts";

/** All settings of a callback server that runs on its own. */
export const callbackSettings = z.object({
  ...postgresSettings,
  ...querySettings,
  ...logSettings,
  ...outcomeSettings,
  INTERNAL_JOBS_CALLBACK_PORT: callbackUrlSettings.INTERNAL_JOBS_CALLBACK_PORT,
});
