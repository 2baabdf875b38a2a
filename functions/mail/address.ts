import * as z from "zod";

// One mailbox, no list and no header: what RFC 5322 allows besides is rare, and each of these characters could smuggle a
// second recipient or a header.
const mailbox = /^(?<local>[^\s@,;:<>"()[\]\\\p{Cc}\p{Cs}]+)@(?<domain>[^\s@,;:<>"()[\]\\\p{Cc}\p{Cs}]+)$/u;
const named =
  /^(?:"(?<quoted>[^"\\\p{Cc}]{0,300})"|(?<bare>[^<>"\\,;:@()\p{Cc}]{0,300}?)) *<(?<address>[^<>\s]+)>$/u;

/** Letters that show nothing: with one of them an address looks like another, and reaches nobody or somebody else. */
const invisible = /[\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** Octets of an address and of its parts (RFC 5321 §4.5.3.1; 256 of a path, its brackets among them). */
const localLimit = 64;
const domainLimit = 255;
const addressLimit = 254;

/** Longest text that is looked at: an address and a name of 300 characters, with room. */
const textLimit = 1000;

/** One mail address, `ada@example.com`. */
export const emailAddress = z
  .string()
  .refine(isAddress, { error: ({ input }) => faultOf(input, "expected one email address") });

/** One mail address, bare or with a name: `Ada <ada@example.com>`. */
export const namedAddress = z.string().refine((text) => readAddress(text) !== undefined, {
  error: ({ input }) => faultOf(input, "expected one email address, or a name and <address>"),
});

/** A mail address and the name that it stands with, which may be empty. */
export type NamedAddress = { readonly name: string; readonly address: string };

/** Gives the parts of `Name <address>` or `address`, or undefined for anything else. */
export function readAddress(text: string): NamedAddress | undefined {
  if (text.length > textLimit) return undefined;
  const whole = text.replace(/^ +| +$/g, "");
  const { quoted, bare, address = whole } = named.exec(whole)?.groups ?? {};
  return isAddress(address) ? { name: (quoted ?? bare ?? "").trim(), address } : undefined;
}

function isAddress(text: string): boolean {
  if (text.length > addressLimit || invisible.test(text)) return false;
  const { local = "", domain = "" } = mailbox.exec(text)?.groups ?? {};
  if (local === "" || octets(local) > localLimit || octets(domain) > domainLimit) return false;
  return octets(text) <= addressLimit;
}

function octets(text: string): number {
  return new TextEncoder().encode(text).byteLength;
}

/** Who pasted a letter that shows nothing would read an ordinary refusal again and again. */
function faultOf(input: unknown, expected: string): string {
  const start = typeof input === "string" ? input.slice(0, textLimit) : "";
  return invisible.test(start.split("<").at(-1) ?? "")
    ? `${expected}, without letters that show nothing`
    : expected;
}

/** Gives the bare address of `Name <address>` or `address`. */
function bareAddress(text: string): string {
  return readAddress(text)?.address ?? text.trim();
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
 * so that the one mailbox shows who would have got it. Cut where the address would be longer than one may be; letters of other
 * alphabets, which not every server takes, are underscores.
 */
export function devRecipient(devEmail: string, to: string): string {
  const at = devEmail.lastIndexOf("@");
  const [local, domain] = [devEmail.slice(0, at), devEmail.slice(at)];
  const room = Math.min(localLimit, addressLimit - octets(domain)) - octets(local) - 1;
  const tag = bareAddress(to)
    .replace("@", "_at_")
    .replace(/[^\x21-\x7e]/gu, "_")
    .slice(0, Math.max(room, 0));
  return `${local}${tag === "" ? "" : `+${tag}`}${domain}`;
}
