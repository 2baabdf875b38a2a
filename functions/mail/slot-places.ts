import type { SlotKind } from "./escape.ts";
import type { Slots } from "./template.ts";

/** Where a slot can stand in HTML. */
type Place = "content" | "style" | "address" | "attribute";

/** What may stand where. Anything else could make markup, style or a link of a value. */
const allowed: Readonly<Record<Place, readonly SlotKind[]>> = {
  content: ["text", "attribute", "url", "colour", "word"],
  style: ["colour", "word"],
  address: ["url", "mailto"],
  attribute: ["text", "attribute", "url", "colour", "word"],
};

/** Attributes that a program follows or loads; a slot in one is the whole of it. */
const addresses = ["href", "src", "background", "action", "formaction", "srcset", "poster", "data", "cite"];

const conditional = /<!--\[if [^\]]*\]>(?:<!-->)?|<!--<!\[endif\]-->|<!\[endif\]-->/g;
const pieces =
  /<!--[\s\S]*?-->|<(style|script)\b([^>]*)>([\s\S]*?)<\/\1\s*>|<[a-z/!](?:"[^"]*"|'[^']*'|[^'">])*>/gi;
const attributes = /([^\s"'=<>/]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const slot = /\{\{(\w+)\}\}/g;
const anyMark = /\{\{[#/]?\w+\}\}/g;

/**
 * Checks that each slot of compiled HTML stands where its kind is safe: text in content and quoted attributes, a URL or a
 * mailto: as the whole of `href` or `src`, a colour in style. What Outlook alone reads (conditional comments) is HTML too.
 *
 * @throws Error that names the slot, its kind and the place.
 */
export function checkSlotPlaces(html: string, slots: Slots): void {
  const markup = html.replace(conditional, " ");
  for (const [piece, block, , inner = ""] of markup.matchAll(pieces)) {
    const isStyle = block?.toLowerCase() === "style";
    if (isStyle) for (const name of names(inner)) requirePlace(name, slots, "style");
    else if (piece.startsWith("<!--") || block !== undefined) refuseAny(piece, "a comment or a script");
    else checkTag(piece, slots);
  }
  const content = markup.replace(pieces, " ");
  refuseAny(content.match(/<[/!?]?\{\{[^<]*/)?.[0] ?? "", "a tag");
  for (const name of names(content)) requirePlace(name, slots, "content");
}

function checkTag(tag: string, slots: Slots): void {
  for (const { 1: attribute = "", 2: double, 3: single } of tag.matchAll(attributes)) {
    const value = double ?? single ?? "";
    const place = placeOf(attribute.toLowerCase());
    for (const name of names(value)) {
      if (place === undefined) throw fault(name, `in ${attribute}, which runs what it holds`);
      requirePlace(name, slots, place);
      if (place === "address" && value !== `{{${name}}}`)
        throw fault(name, `as a part of ${attribute}; it has to be the whole of it`);
    }
  }
  // What is left is a slot without quotes, or as a name, or a block that cuts through the tag.
  refuseAny(
    tag.replace(attributes, (attribute) => attribute.replace(slot, "")),
    "a tag",
  );
}

function placeOf(attribute: string): Place | undefined {
  if (attribute.startsWith("on") || attribute === "srcdoc") return undefined;
  if (attribute === "style") return "style";
  return addresses.includes(attribute.replace(/^.*:/, "")) ? "address" : "attribute";
}

function requirePlace(name: string, slots: Slots, place: Place): void {
  const kind = slots[name];
  if (kind === undefined || !allowed[place].includes(kind))
    throw fault(name, `(${kind ?? "not declared"}) in ${place === "address" ? "an address" : place}`);
}

function refuseAny(text: string, where: string): void {
  const [found] = text.match(anyMark) ?? [];
  if (found !== undefined) throw fault(found.replace(/[{}#/]/g, ""), `in ${where}`);
}

function names(text: string): string[] {
  return [...text.matchAll(slot)].map(({ 1: name = "" }) => name);
}

function fault(name: string, where: string): Error {
  return new Error(`Cannot compile the template: the slot ${name} may not stand ${where}.`);
}
