import { z } from "zod";
import { port } from "../../services/config/kinds.ts";
import { logSettings } from "../../services/config/log-settings.ts";

/** The settings of the local stack, beside those of its parts. */
export const localStackSettings = z.object({
  ...logSettings,
  LOCAL_DATA_FOLDER: z
    .string()
    .default(".data")
    .describe("Folder of the embedded Postgres, kept between runs; `bun run start --fresh` empties it."),
  LOCAL_POSTGRES_PORT: port().default(54_329).describe("Port of the embedded Postgres, on 127.0.0.1."),
  ADMIN_API_PORT: port().default(3001).describe("Port of the local admin GraphQL API."),
  SIMPLE_EMAIL_PORT: port().default(8081).describe("Port of simple-email in the local stack."),
  SEND_EMAIL_LINK_PORT: port().default(8082).describe("Port of send-email-link in the local stack."),
  MAILBOX_PORT: port().default(8083).describe("Port of the local mailbox."),
  INTERNAL_JOBS_CALLBACK_PORT: port()
    .default(8080)
    .describe("Port of the callback server in the local stack."),
  LOCAL_APP_PORT: z
    .string()
    .default("3000")
    .describe("Port of your app on this machine, for the links in mails."),
});

/** The settings of the local stack, parsed. */
export type LocalStackSettings = z.infer<typeof localStackSettings>;
