import { z } from "zod";
import { port } from "../config/kinds.ts";
import { logSettings } from "../config/log-settings.ts";

/** The settings of the local mailbox. */
export const mailboxSettings = z.object({
  ...logSettings,
  MAILBOX_PORT: port().default(8083).describe("Port of the local mailbox; 0 takes a free one."),
  MAILBOX_HOST: z
    .string()
    .default("127.0.0.1")
    .describe(
      "Address that the mailbox binds; 0.0.0.0 in a container. It shows every mail to whoever reaches it.",
    ),
  MAILBOX_API_KEY: z
    .string()
    .default("local-key")
    .meta({ secret: true })
    .describe("Key that senders authenticate with, as MAILGUN_API_KEY; `local-key` unless set."),
});
