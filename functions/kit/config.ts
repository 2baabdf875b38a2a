import * as z from "zod";
import { signingSecrets } from "../protocol/signing-secrets.ts";

/** Settings that every function of the kit has. */
export const kitSettings = z.object({
  JOBS_SIGNING_SECRETS: signingSecrets().describe(
    "Secrets of Standard Webhooks, with commas between them: a function that has some refuses what none of them has signed. None by default: any request is a job.",
  ),
});
