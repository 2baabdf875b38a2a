import * as z from "zod";
import { namedAddress } from "../mail/address.ts";
import type { Attachment } from "../mail/mail.ts";

/** Most recipients of one mail, copies among them: Mailgun's own limit. */
const recipientLimit = 1000;

/** Most attachments of one mail; the payload's own limit, 16 MiB, bounds what they hold. */
const attachmentLimit = 100;

/** Longest subject: a line of a mail has 998 letters at most (RFC 5322 §2.1.1), and nine of them are its name. */
const subjectLimit = 989;

/** A field that may be absent. SQL that builds a payload from a row has null, or an empty text, for what is not there. */
function orAbsent<T extends z.ZodType>(field: T) {
  return z.preprocess((value) => (value === null || value === "" ? undefined : value), field.optional());
}

/** A list whose length is looked at before its entries are. */
function list<T extends z.ZodType>(entry: T, least: number, limit: number) {
  const expected = `expected a list of ${least} to ${limit}`;
  const isShort = (value: unknown) => Array.isArray(value) && value.length >= least && value.length <= limit;
  return z.unknown().refine(isShort, { error: expected, abort: true }).pipe(z.array(entry));
}

const addresses = () =>
  z.union([namedAddress, list(namedAddress, 1, recipientLimit)], {
    error: ({ input }) =>
      Array.isArray(input) && input.length > recipientLimit
        ? `expected at most ${recipientLimit} addresses`
        : "expected one email address, or a list of them",
  });

/** An object that refuses fields which it does not know, by name: one that is dropped would be missed by whoever gave it. */
function exactly<Shape extends z.ZodRawShape>(shape: Shape) {
  const expected = `expected no other than ${Object.keys(shape).join(", ")}`;
  return z.strictObject(shape, {
    error: ({ code }) => (code === "unrecognized_keys" ? expected : undefined),
  });
}

/** Two names of one field, as camelCase and as SQL writes it. Both are one too many, unless they say the same. */
function eitherOf<T>(
  one: T | undefined,
  other: T | undefined,
): { readonly value: T | undefined } | undefined {
  return one !== undefined && other !== undefined && one !== other ? undefined : { value: one ?? other };
}

/** `application/pdf`, perhaps with parameters. */
const contentType = () =>
  z
    .string()
    .max(200)
    .regex(/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(; ?[\w-]+=("[^"\\\p{Cc}]*"|[\w.+-]+))*$/u, "expected a media type");

const attachment = exactly({
  filename: z
    .string("expected a text")
    .min(1)
    .max(255, "expected at most 255 characters")
    .refine((text) => !/[\p{Cc}/\\]/u.test(text), "expected a file's name without a path"),
  content: z.string("expected base64"),
  contentType: orAbsent(contentType()),
  content_type: orAbsent(contentType()),
}).transform(({ filename, content, ...types }, context): Attachment => {
  const bytes = bytesOf(content);
  const type = eitherOf(types.contentType, types.content_type);
  if (bytes === undefined)
    context.addIssue({ code: "custom", path: ["content"], message: "expected base64" });
  if (type === undefined)
    context.addIssue({ code: "custom", path: ["content_type"], message: twice("contentType") });
  return { filename, content: bytes ?? new Uint8Array(), contentType: type?.value };
});

function twice(name: string): string {
  return `expected the same as ${name}, or only one of the two`;
}

/** Gives the bytes of a base64 text, which may be broken into lines, as Postgres' encode() does; undefined for any other. */
function bytesOf(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    const characters = atob(text);
    const bytes = new Uint8Array(characters.length);
    for (let at = 0; at < bytes.length; at += 1) bytes[at] = characters.charCodeAt(at);
    return bytes;
  } catch {
    return undefined;
  }
}

/** Payload of simple-email. */
export const simpleEmailPayload = exactly({
  to: addresses(),
  subject: z
    .string("expected a text")
    .min(1)
    .max(subjectLimit, `expected at most ${subjectLimit} characters, the longest line of a mail`)
    .refine((text) => !/\p{Cc}/u.test(text), "expected one line without control characters"),
  cc: orAbsent(addresses()),
  bcc: orAbsent(addresses()),
  html: orAbsent(z.string("expected a text")),
  text: orAbsent(z.string("expected a text")),
  from: orAbsent(namedAddress),
  replyTo: orAbsent(namedAddress),
  reply_to: orAbsent(namedAddress),
  attachments: orAbsent(list(attachment, 0, attachmentLimit)),
})
  .refine(({ html, text }) => html !== undefined || text !== undefined, "expected html, text, or both")
  .refine(
    ({ to, cc, bcc }) => [to, cc ?? [], bcc ?? []].flat().length <= recipientLimit,
    `expected at most ${recipientLimit} recipients, copies among them`,
  )
  .refine(({ replyTo, reply_to }) => eitherOf(replyTo, reply_to) !== undefined, {
    path: ["reply_to"],
    error: twice("replyTo"),
  })
  .transform(({ reply_to, ...mail }) => ({ ...mail, replyTo: mail.replyTo ?? reply_to }));
