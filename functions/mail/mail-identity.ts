import { addressDomain } from "./address.ts";
import type { Mail } from "./mail.ts";

/**
 * Gives the same name to every try of one mail: a hash of the job's Idempotency-Key and of what is sent. The mail is part of it, since
 * the same job may send another one in its next attempt: the site's branding has changed, or the function has.
 */
export async function mailIdentity(idempotencyKey: string, mail: Mail): Promise<string> {
  const { to, cc, bcc, subject, html, text, replyTo, attachments = [] } = mail;
  const files = attachments.map(async ({ filename, content }) => [filename, await digestOf(content)]);
  const parts = [idempotencyKey, to, cc, bcc, subject, html, text, replyTo, await Promise.all(files)];
  return digestOf(new TextEncoder().encode(JSON.stringify(parts)));
}

/** Half of a SHA-256, in hex. */
async function digestOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Gives the Message-Id of a mail, without brackets: its identity at the sending domain. */
export function messageIdOf(identity: string, mail: Mail, domain: string | undefined): string {
  return `${identity}@${domain ?? addressDomain(mail.from).replace(/[^a-z0-9.-]/gi, "")}`;
}
