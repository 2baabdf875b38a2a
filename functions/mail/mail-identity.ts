import { addressDomain } from "./address.ts";
import type { Mail } from "./mail.ts";

/**
 * Gives the same name to every try of one mail: a hash of the job's Idempotency-Key and of what is sent. The mail is part of it, since
 * the same job may send another one in its next attempt: the site's branding has changed, or the function has.
 */
export async function mailIdentity(idempotencyKey: string, mail: Mail): Promise<string> {
  const { to, subject, html, text } = mail;
  const bytes = new TextEncoder().encode(JSON.stringify([idempotencyKey, to, subject, html, text]));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Gives the Message-Id of a mail, without brackets: its identity at the sending domain. */
export function messageIdOf(identity: string, mail: Mail, domain: string | undefined): string {
  return `${identity}@${domain ?? addressDomain(mail.from).replace(/[^a-z0-9.-]/gi, "")}`;
}
