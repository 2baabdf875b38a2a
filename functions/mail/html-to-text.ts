const blocks =
  /<\/?(?:address|article|aside|blockquote|body|center|dd|div|dl|dt|fieldset|figure|footer|form|h[1-6]|header|hr|main|nav|ol|p|pre|section|table|tr|ul)\b[^>]*>/gi;

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  copy: "©",
  reg: "®",
  trade: "™",
  euro: "€",
  hellip: "…",
  ndash: "–",
  mdash: "—",
  lsquo: "‘",
  rsquo: "’",
  ldquo: "“",
  rdquo: "”",
  bull: "•",
  middot: "·",
  laquo: "«",
  raquo: "»",
  times: "×",
  zwnj: "",
  shy: "",
};

/**
 * Gives a mail's HTML as plain text: paragraphs apart, list entries with a dash, a link's address after its words, an image's alt
 * text, and nothing of head, style, script or comments. A mail without any text gives the empty text.
 */
export function htmlToText(html: string): string {
  const visible = closed(html.replace(/<!--[\s\S]*?(?:-->|$)/g, ""))
    .replace(/<(head|style|script|title|template)\b[^>]*>[\s\S]*?(?:<\/\1\s*>|$)/gi, "")
    .replace(/\s+/g, " ");
  const marked = tags.reduce(
    (text, [tag, written]) => closed(text).replace(tag, written),
    withAddresses(closed(visible)).replace(/<\/t[dh]\s*>/gi, " "),
  );
  return decodeEntities(marked)
    .replace(/[^\S\n]+/g, " ")
    .replace(/ *\n */g, "\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

/** What stands in a tag's place, in this order. */
const tags: readonly (readonly [tag: RegExp, written: (tag: string, attributes: string) => string])[] = [
  [/<img\b([^>]*)>/gi, (_, attributes) => attribute(attributes, "alt")],
  [/<br\b[^>]*>/gi, () => "\n"],
  [/<li\b[^>]*>/gi, () => "\n- "],
  [blocks, () => "\n\n"],
  [/<[^>]*>/g, () => ""],
];

/**
 * Gives HTML in which every `<` has a `>` behind it: the others begin no tag. Looking for the end of each would go through the rest of
 * the mail again and again, which takes hours of a mail of 10 MB that somebody made for it.
 */
function closed(html: string): string {
  const end = html.lastIndexOf(">") + 1;
  return html.slice(0, end) + html.slice(end).replaceAll("<", "&lt;");
}

/** Puts each link's address after its words. Parted at the ends of links, for the reason that `closed` has. */
function withAddresses(html: string): string {
  const parts = html.split(/<\/a\s*>/i);
  return parts
    .map((part, at) => {
      const [tag, attributes] = /<a\b([^>]*)>/i.exec(closed(part)) ?? [];
      if (tag === undefined || attributes === undefined || at === parts.length - 1) return part;
      const start = part.indexOf(tag);
      return part.slice(0, start) + link(attributes, part.slice(start + tag.length));
    })
    .join("");
}

function link(attributes: string, inner: string): string {
  const href = attribute(attributes, "href").replace(/^mailto:/i, "");
  const words = closed(inner)
    .replace(/<[^>]*>/g, "")
    .trim();
  const useful = /^(https?:|[^:/?#]+@)/i.test(href) && decodeEntities(href) !== decodeEntities(words);
  return useful ? `${inner} (${href})` : inner;
}

function attribute(attributes: string, name: string): string {
  const found = new RegExp(`(?:^|\\s)${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`, "i").exec(
    attributes,
  );
  return (found?.[1] ?? found?.[2] ?? found?.[3] ?? "").replaceAll("<", "&lt;");
}

function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]+));/gi, (whole, ...found: unknown[]) => {
    const [decimal, hex, name] = found;
    if (typeof name === "string") return entities[name.toLowerCase()] ?? whole;
    return (
      character(typeof decimal === "string" ? Number(decimal) : Number.parseInt(String(hex), 16)) ?? whole
    );
  });
}

function character(code: number): string | undefined {
  const valid = code > 31 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  return valid ? String.fromCodePoint(code) : undefined;
}
