import * as z from "zod";

// One mailbox, no list and no header: what RFC 5322 allows besides is rare, and each of these characters could smuggle a
// second recipient or a header.
const address = /^[^\s@,;:<>"()[\]\\\p{Cc}]{1,64}@[^\s@,;:<>"()[\]\\\p{Cc}]{1,255}$/u;
const named = /^(?:"[^"\\\p{Cc}]{0,300}"|[^<>"\\,;:@()\p{Cc}]{0,300}?) *<(?<address>[^<>\s]+)>$/u;

/** One mail address, `ada@example.com`. */
export const emailAddress = z.string().regex(address, "expected one email address");

/** One mail address, bare or with a name: `Ada <ada@example.com>`. */
export const namedAddress = z
  .string()
  .refine(isNamedAddress, "expected one email address, or a name and <address>");

function isNamedAddress(text: string): boolean {
  return address.test(bareAddress(text)) && (!text.includes("<") || named.test(text.trim()));
}

/** Gives the bare address of `Name <address>` or `address`. */
function bareAddress(text: string): string {
  return named.exec(text.trim())?.groups?.["address"]?.trim() ?? text.trim();
}

/** Gives the part behind the `@`, for logs. */
export function addressDomain(text: string): string {
  return bareAddress(text).split("@").at(-1) ?? "";
}

/** Gives an address with a display name, quoted (RFC 5322 §3.2.4), so that no name can add a recipient or a header. */
export function addressWithName(name: string, text: string): string {
  const plain = name
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ")
    .replace(/["\\<>]/g, "")
    .trim();
  return plain === "" ? bareAddress(text) : `"${plain}" <${bareAddress(text)}>`;
}

/**
 * Gives where a mail goes while MAILGUN_DEV_EMAIL is set: `dev+ada_at_example.com@dev.example` for ada@example.com,
 * so that the one mailbox shows who would have got it.
 */
export function devRecipient(devEmail: string, to: string): string {
  const at = devEmail.lastIndexOf("@");
  return `${devEmail.slice(0, at)}+${bareAddress(to).replace("@", "_at_")}${devEmail.slice(at)}`;
}
