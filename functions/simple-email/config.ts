import * as z from "zod";
import { mailSettings, requireSending } from "../mail/config.ts";

/** The settings of simple-email. */
export const simpleEmailSettings = requireSending(
  z.object({
    SIMPLE_EMAIL_DRY_RUN: z
      .stringbool({ error: "expected true or false" })
      .default(false)
      .describe("Logs each mail and sends none. Off, as a mail that is not sent helps nobody."),
    ...mailSettings,
  }),
  "SIMPLE_EMAIL_DRY_RUN",
);
