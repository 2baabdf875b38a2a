import type { SlotKind } from "./escape.ts";
import { createNesting, hiddenElements, readHtml } from "./read-html.ts";
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

/** Elements that never close, and so hide nothing but themselves. */
const empty = new Set("area base br col embed hr img input link meta param source track wbr".split(" "));

const conditional = /^\[if [^\]]*\]>([\s\S]*)<!\[endif\]$/;
const slot = /\{\{(\w+)\}\}/g;
const anyMark = /\{\{([#/]?)(\w+)\}\}/g;

/**
 * Checks that each slot of compiled HTML stands where its kind is safe: text in content and quoted attributes, a URL or a
 * mailto: as the whole of `href` or `src`, a colour in style. What Outlook alone reads (conditional comments) is HTML too.
 *
 * Gives the slots that every reader of the mail sees: as text, or as the address of a link that has words or a picture. What stands in a
 * comment, for Outlook alone, in the title, in what is not displayed, or in a block that may be dropped, is not seen.
 *
 * @param certain slots that always have a value, so that a block of theirs stays.
 * @throws Error that names the slot, its kind and the place.
 */
export function checkSlotPlaces(
  html: string,
  slots: Slots,
  certain: readonly string[] = [],
): ReadonlySet<string> {
  const seen = new Set<string>();
  const looked = walk(html, slots, createView(certain, seen));
  if (looked < (html.match(anyMark) ?? []).length)
    throw new Error("Cannot compile the template: a slot stands in a tag that is never closed.");
  return seen;
}

/** Walks through HTML and gives how many marks it has looked at. */
function walk(html: string, slots: Slots, view: View | undefined): number {
  let looked = 0;
  let raw = "";
  const refuseAny = (text: string, where: string) => {
    const [found] = text.matchAll(anyMark);
    if (found !== undefined) throw fault(found[2] ?? "", `in ${where}`);
  };
  readHtml(html, {
    text: (text) => {
      if (raw === "script") refuseAny(text, "a comment or a script");
      const place = raw === "style" ? "style" : "content";
      if (place === "content") refuseAny(text.match(/<[/!?]?\{\{[^<]*/)?.[0] ?? "", "a tag");
      for (const [, sign = "", name = ""] of text.matchAll(anyMark)) {
        looked += 1;
        if (sign === "") requirePlace(name, slots, place);
      }
      view?.text(text);
    },
    attribute: (attribute, value, isQuoted) => {
      // A slot without quotes, or as a name, or a block that cuts through the tag.
      refuseAny(attribute, "a tag");
      refuseAny(isQuoted ? value.replace(slot, "") : value, "a tag");
      const place = placeOf(attribute);
      for (const [, name = ""] of value.matchAll(slot)) {
        looked += 1;
        if (place === undefined) throw fault(name, `in ${attribute}, which runs what it holds`);
        requirePlace(name, slots, place);
        if (place === "address" && value !== `{{${name}}}`)
          throw fault(name, `as a part of ${attribute}; it has to be the whole of it`);
      }
    },
    open: (name, attributes) => {
      refuseAny(name, "a tag");
      raw = name;
      view?.open(name, attributes);
    },
    close: (name) => {
      refuseAny(name, "a tag");
      raw = "";
      view?.close(name);
    },
    comment: (text) => {
      const inner = conditional.exec(text)?.[1];
      if (inner === undefined) refuseAny(text, "a comment or a script");
      else looked += walk(inner, slots, undefined);
    },
  });
  return looked;
}

type View = ReturnType<typeof createView>;

/** Adds to `seen` what every reader sees of the HTML that it is told of. */
function createView(certain: readonly string[], seen: Set<string>) {
  const hiding = createNesting();
  const blocks: string[] = [];
  let linked: string | undefined;
  const see = (name: string) => {
    const stays = blocks.every((block) => block === name || certain.includes(block));
    if (stays && !hiding.isInside()) seen.add(name);
  };
  /** A link is seen by what it goes around. */
  const seeLink = () => {
    if (linked !== undefined) see(linked);
  };
  return {
    text: (text: string) => {
      if (text.replace(anyMark, (_, sign: string) => (sign === "" ? "x" : "")).trim() !== "") seeLink();
      for (const [, sign = "", name = ""] of text.matchAll(anyMark)) {
        if (sign === "#") blocks.push(name);
        else if (sign === "/") blocks.pop();
        else see(name);
      }
    },
    open: (name: string, attributes: ReadonlyMap<string, string>) => {
      const isHidden = hiddenElements.has(name) || attributes.has("hidden") || isUndisplayed(attributes);
      if (!empty.has(name)) hiding.open(name, isHidden);
      if (name === "a") linked = /^\{\{(\w+)\}\}$/.exec(attributes.get("href") ?? "")?.[1];
      if (name === "img" && !isHidden) seeLink();
    },
    close: (name: string) => {
      if (name === "a") linked = undefined;
      hiding.close(name);
    },
  };
}

function isUndisplayed(attributes: ReadonlyMap<string, string>): boolean {
  return /(^|;)\s*(display\s*:\s*none|visibility\s*:\s*hidden)\b/i.test(attributes.get("style") ?? "");
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

function fault(name: string, where: string): Error {
  return new Error(`Cannot compile the template: the slot ${name} may not stand ${where}.`);
}
