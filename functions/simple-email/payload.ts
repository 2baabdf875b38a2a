import * as z from "zod";
import { namedAddress } from "../mail/address.ts";

/** Most recipients of one mail: Mailgun's own limit. */
const recipientLimit = 1000;

/** A field that may be absent. SQL that builds a payload from a row has null, or an empty text, for what is not there. */
function orAbsent<T extends z.ZodType>(field: T) {
  return z.preprocess((value) => (value === null || value === "" ? undefined : value), field.optional());
}

/** Payload of simple-email. */
export const simpleEmailPayload = z
  .object({
    to: z.union(
      [namedAddress, z.array(namedAddress).min(1).max(recipientLimit)],
      "expected one email address, or a list of them",
    ),
    subject: z
      .string("expected a text")
      .min(1)
      .max(998, "expected at most 998 characters, the longest line of a mail")
      .refine((text) => !/\p{Cc}/u.test(text), "expected one line without control characters"),
    html: orAbsent(z.string("expected a text")),
    text: orAbsent(z.string("expected a text")),
    from: orAbsent(namedAddress),
    replyTo: orAbsent(namedAddress),
  })
  .refine(({ html, text }) => html !== undefined || text !== undefined, "expected html, text, or both");
