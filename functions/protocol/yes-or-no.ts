import * as z from "zod";

const yes = ["true", "yes", "on", "y", "1", "enabled"];
const no = ["false", "no", "off", "n", "0", "disabled"];

/**
 * Gives the kind of a setting that is true or false, in the words of zod's stringbool. That one ends all checks where it does not
 * fit, so that what else is wrong would be told at the next start. (`z.coerce.boolean()` would read "false" as true.)
 */
export function yesOrNo() {
  return z
    .string()
    .toLowerCase()
    .refine((word) => yes.includes(word) || no.includes(word), { error: "expected true or false" })
    .transform((word) => yes.includes(word));
}
