import { hostname } from "node:os";
import { z } from "zod";
import { seconds } from "./kinds.ts";

/** The settings shared by what waits for work in the database: worker and scheduler. */
export const pollSettings = {
  HOSTNAME: z
    .string()
    .max(200, "expected at most 200 characters")
    .default(hostname)
    .describe("Name of this worker and scheduler, in logs, in `locked_by` and in X-Worker-Id."),
  JOBS_POLL_SECONDS: seconds(0.05, 3600)
    .default(5)
    .describe(
      "Longest wait between two looks at the database, in seconds. Notifications make it quicker; polling alone suffices, and then a worker looks at least once a second.",
    ),
  JOBS_LISTEN_URL: z
    .string()
    .optional()
    .meta({ secret: true })
    .describe(
      "Where to listen for notifications when the database's own URL leads to a pooler in transaction mode (PgBouncer): the database itself, as one URL. Not set, workers behind a pooler poll. Not with several JOBS_DATABASES.",
    ),
};
