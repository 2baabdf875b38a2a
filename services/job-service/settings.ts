import { z } from "zod";
import { logSettings } from "../config/log-settings.ts";
import { pollSettings } from "../config/poll-settings.ts";
import { postgresSettings } from "../config/postgres-settings.ts";
import { querySettings } from "../config/query-settings.ts";
import { checkDispatch, dispatchSettings } from "../worker/settings.ts";

/** All settings of the job service: callback server, worker and scheduler in one process. */
export const jobServiceSettings = z
  .object({
    ...postgresSettings,
    ...querySettings,
    ...logSettings,
    ...pollSettings,
    ...dispatchSettings,
  })
  .superRefine(checkDispatch);
