import * as z from "zod";
import { mailSettings, requireSending } from "../mail/config.ts";
import { yesOrNo } from "../protocol/yes-or-no.ts";

/** The settings of simple-email. */
export const simpleEmailSettings = requireSending(
  z.object({
    SIMPLE_EMAIL_DRY_RUN: yesOrNo()
      .default(false)
      .describe("Logs each mail and sends none. Off, as a mail that is not sent helps nobody."),
    ...mailSettings,
  }),
  "SIMPLE_EMAIL_DRY_RUN",
);
