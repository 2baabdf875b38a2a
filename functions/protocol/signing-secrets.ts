import * as z from "zod";
import { readSecret } from "./signature.ts";

/**
 * Gives the kind of the setting JOBS_SIGNING_SECRETS, for worker and function alike: secrets with commas or white space between them;
 * none where it is not set.
 */
export function signingSecrets() {
  return z
    .string()
    .transform((text) => text.split(/[\s,]+/).filter((part) => part !== ""))
    .refine((secrets) => secrets.every((secret) => readSecret(secret) !== undefined), {
      error: "expected whsec_ and the base64 of 24 to 64 bytes; several with commas between them",
    })
    .default([])
    .meta({ secret: true });
}
