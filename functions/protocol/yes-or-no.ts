import * as z from "zod";

const words: Readonly<Record<string, boolean>> = {
  ...{ true: true, yes: true, on: true, y: true, "1": true, enabled: true },
  ...{ false: false, no: false, off: false, n: false, "0": false, disabled: false },
};

/**
 * Gives the kind of a setting that is true or false, in the words of zod's stringbool. That one ends all checks where it does not
 * fit, so that what else is wrong would be told at the next start. (`z.coerce.boolean()` would read "false" as true.)
 */
export function yesOrNo() {
  return z
    .string()
    .toLowerCase()
    .refine((word) => Object.hasOwn(words, word), { error: "expected true or false" })
    .transform((word) => words[word] === true);
}
