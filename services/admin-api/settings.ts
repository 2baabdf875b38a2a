import { z } from "zod";
import { port } from "../config/kinds.ts";
import { logSettings } from "../config/log-settings.ts";
import { checkConnection, postgresSettings } from "../config/postgres-settings.ts";
import { withCrossChecks } from "../config/with-cross-checks.ts";

/** The settings of the local admin GraphQL API. */
export const adminApiSettings = withCrossChecks(
  z.object({
    ...postgresSettings,
    ...logSettings,
    ADMIN_API_PORT: port().default(3001).describe("Port of the local admin GraphQL API; 0 takes a free one."),
    ADMIN_API_HOST: z
      .string()
      .default("127.0.0.1")
      .describe("Address that the API binds; 0.0.0.0 in a container. It asks nobody who they are."),
  }),
  checkConnection,
);
