import * as z from "zod";
import { readSecret } from "../protocol/signature.ts";

/** Settings that every function of the kit has. */
export const kitSettings = z.object({
  JOBS_SIGNING_SECRETS: z
    .string()
    .transform((text) => text.split(/[\s,]+/).filter((part) => part !== ""))
    .refine((secrets) => secrets.every((secret) => readSecret(secret) !== undefined), {
      error: "expected whsec_ and the base64 of 24 to 64 bytes; several with commas between them",
    })
    .default([])
    .meta({ secret: true })
    .describe(
      "Secrets of Standard Webhooks, with commas between them: a function that has some refuses what none of them has signed. None by default: any request is a job.",
    ),
});
