import { createNesting, hiddenElements, readHtml } from "./read-html.ts";

/** Elements that stand apart from what is around them (HTML Standard §15.3, `display: block` and tables). */
const blocks = new Set(
  `address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure footer form h1 h2 h3
  h4 h5 h6 header hgroup hr html legend listing main menu nav ol optgroup option p plaintext pre search section summary table tbody tfoot
  thead tr ul xmp`.split(/\s+/),
);

/** Elements whose spaces and line ends are a part of what they show. */
const preformatted = new Set(["listing", "plaintext", "pre", "textarea", "xmp"]);

/**
 * Gives a mail's HTML as plain text: paragraphs apart, list entries with a dash, a link's address after its words, an image's alt
 * text, and nothing of title, style, script or comments. A mail without any text gives the empty text.
 */
export function htmlToText(html: string): string {
  const page = createPage();
  const hiding = createNesting();
  const keeping = createNesting();
  readHtml(html, {
    text: (text) => {
      if (!hiding.isInside()) page.write(text, keeping.isInside());
    },
    open: (name, attributes) => {
      hiding.open(name, hiddenElements.has(name));
      if (hiding.isInside()) return;
      keeping.open(name, preformatted.has(name));
      if (blocks.has(name)) page.break(2);
      if (name === "br") page.addBreak();
      if (name === "li") page.item();
      if (name === "a") page.beginLink(attributes.get("href") ?? "");
      if (name === "img") page.write(attributes.get("alt") ?? "", false);
    },
    close: (name) => {
      if (hiding.isInside()) return hiding.close(name);
      keeping.close(name);
      if (blocks.has(name)) page.break(2);
      if (name === "br") page.addBreak();
      if (name === "td" || name === "th") page.write(" ", false);
      if (name === "a") page.endLink();
    },
  });
  return page.end();
}

/** Puts plain text together, white space as HTML shows it: runs of it are one space, and none stands around a line. */
function createPage() {
  const parts: string[] = [];
  let breaks = 0;
  let hasSpace = false;
  let isItem = false;
  let link: { readonly href: string; words: string } | undefined;

  const put = (text: string) => {
    if (parts.length > 0) parts.push(breaks > 0 ? "\n".repeat(breaks) : hasSpace ? " " : "");
    if (isItem) parts.push("- ");
    parts.push(text);
    // Longer words are no address, and need no comparing.
    if (link !== undefined && link.words.length <= link.href.length)
      link.words += (hasSpace && link.words !== "" ? " " : "") + text;
    breaks = 0;
    hasSpace = false;
    isItem = false;
  };
  const endLink = () => {
    const { href = "", words = "" } = link ?? {};
    link = undefined;
    if (href === "" || href === words) return;
    // Right behind the words, also where a line ended after them.
    if (words === "") put(`(${href})`);
    else parts.push(` (${href})`);
  };
  return {
    write: (text: string, isKept: boolean) => {
      if (isKept) {
        if (text !== "") put(text.replace(/\r\n?/g, "\n"));
        return;
      }
      const line = text.replace(/[ \t\n\f\r\u00a0]+/g, " ").replaceAll("\u00ad", "");
      // Not trim(), which takes spaces of other widths too.
      const words = line.replace(/^ | $/g, "");
      if (line.startsWith(" ")) hasSpace = true;
      if (words === "") return;
      put(words);
      hasSpace = line.endsWith(" ");
    },
    break: (count: number) => {
      breaks = Math.max(breaks, count);
    },
    addBreak: () => {
      breaks = Math.min(breaks + 1, 2);
    },
    item: () => {
      breaks = Math.max(breaks, 1);
      isItem = true;
    },
    beginLink: (href: string) => {
      endLink();
      link = { href: addressOf(href), words: "" };
    },
    endLink,
    end: () => {
      endLink();
      return parts
        .join("")
        .replace(/\n{3,}/g, "\n\n")
        .trim();
    },
  };
}

/** Gives where a link leads as a reader wants it written: a web address, or a mail address alone. Nothing for one that leads nowhere. */
function addressOf(href: string): string {
  const address = href.replace(/[\t\n\r]/g, "").trim();
  if (/^https?:/i.test(address)) return address;
  const mailbox = /^mailto:([^?]+)/i.exec(address)?.[1] ?? "";
  return mailbox.includes("@") ? mailbox : "";
}
