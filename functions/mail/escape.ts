import { parseUrl } from "../protocol/parse-url.ts";
import { emailAddress } from "./address.ts";
import { normalColour } from "./colour.ts";

/** What stands in a slot, which decides how its value is escaped. */
export type SlotKind = "text" | "attribute" | "url" | "mailto" | "colour" | "word";

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

const special = /[&<>"'\p{Cc}\p{Cs}]/u;

/** Gives text that shows as itself in HTML, in an element or a quoted attribute. NUL, which HTML forbids, becomes U+FFFD. */
export function escapeText(value: string): string {
  if (!special.test(value)) return value;
  return value
    .toWellFormed()
    .replace(/[&<>"']/g, (character) => entities[character] ?? "")
    .replace(/(?![\t\n\r])\p{Cc}/gu, "\ufffd");
}

/** Gives an attribute's value on one line. */
export function escapeAttribute(value: string): string {
  return escapeText(value.replace(/[\r\n\t]+/g, " "));
}

/** Gives an http or https URL as its parser writes it, for href and src; undefined for anything else, `javascript:` first. */
export function escapeUrl(value: string): string | undefined {
  const url = webUrl(value);
  return url === undefined ? undefined : escapeText(url);
}

/** Gives an absolute http or https URL without user name and password, normalised; else undefined. */
export function webUrl(value: string): string | undefined {
  const url = parseUrl(value);
  if (url === undefined || !/^https?:$/.test(url.protocol)) return undefined;
  return url.username === "" && url.password === "" ? url.href : undefined;
}

/** Gives a link that writes to an address, for href (RFC 6068); undefined for what is no single address. */
function escapeMailto(value: string): string | undefined {
  const [local = "", domain = ""] = emailAddress.safeParse(value).data?.split("@") ?? [];
  if (local === "") return undefined;
  return `mailto:${escapeText(encodeURIComponent(local.toWellFormed()))}@${escapeText(encodeURI(domain.toWellFormed()))}`;
}

/** Gives a value as it may stand in a slot of its kind; undefined for one that may not. */
export function escapeSlot(kind: SlotKind, value: string): string | undefined {
  if (kind === "url") return escapeUrl(value);
  if (kind === "mailto") return escapeMailto(value);
  if (kind === "colour") return normalColour(value);
  if (kind === "word") return /^[a-z0-9-]{1,40}$/i.test(value) ? value : undefined;
  return kind === "attribute" ? escapeAttribute(value) : escapeText(value);
}
