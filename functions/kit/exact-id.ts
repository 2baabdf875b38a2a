import * as z from "zod";

/**
 * Gives a schema of an id: a text, or a whole number of any size, which comes as its digits. Keys of databases are uuids in one
 * application and integers in the next, and a bigint may be more than a JavaScript number holds.
 */
export function exactId(
  error = "expected a text or a whole number",
): z.ZodType<string, string | number | bigint> {
  return z
    .union([z.string(), z.number().refine(Number.isInteger, error), z.bigint()], error)
    .transform((id) => (typeof id === "number" ? BigInt(id).toString() : String(id)));
}
