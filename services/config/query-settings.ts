import { seconds } from "./kinds.ts";

/** The setting shared by all that asks the database: worker, scheduler and callback server. */
export const querySettings = {
  JOBS_QUERY_SECONDS: seconds(0.1, 3600)
    .default(15)
    .describe(
      "How long a statement to the database may take, in seconds; half a lease, so that a connection that died in silence is replaced before its worker's jobs are taken over.",
    ),
};
