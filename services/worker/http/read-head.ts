import type { HeaderSource } from "#protocol/headers";
import { remember } from "../remember.ts";

/** How the end of a body is known (RFC 9112 §6.3). */
export type Framing =
  | { readonly by: "length"; readonly bytes: number }
  | { readonly by: "chunks" }
  | { readonly by: "close" };

/** Status line and headers of an answer. */
export type Head = {
  readonly status: number;
  readonly headers: HeaderSource;
  readonly framing: Framing;
  /** Whether the connection may carry another request after this answer. */
  readonly mayReuse: boolean;
  /** How long the server keeps an idle connection, where it says so, in seconds. */
  readonly keepAliveSeconds: number | undefined;
};

const statusLine = /^HTTP\/1\.(\d) ([1-9]\d\d)(?: [^\n]*)?\r?\n/;

/** What no line of a head may hold: control characters but the tab, and a CR that ends no line. One look at the whole head. */
const forbidden = /[^\t\n\r -~\x80-\xff]|\r(?!\n)/;

/**
 * Gives what the head of an HTTP/1 answer says: its text, which ends with the empty line.
 *
 * @throws Error when it is not one: what follows could be read in two ways then, so nothing of it is believed.
 */
export function readHead(text: string): Head {
  const [first, minor, digits] = statusLine.exec(text) ?? [];
  if (first === undefined) throw new Error("what came is not an HTTP/1 answer");
  if (forbidden.test(text)) throw new Error("the head of the answer holds a control character");
  const fields = readFields(text, first.length);
  const status = Number(digits);
  const wishes = fields.get("connection");
  const isKept = minor === "0" ? isSaid(keepWish, wishes) : !isSaid(closeWish, wishes);
  const codings = fields.get("transfer-encoding");
  // RFC 9112 §6.1: where both are said, or chunks by HTTP/1.0, somebody on the way may have read the body's end elsewhere.
  const isPlain = codings === undefined || (minor !== "0" && !fields.has("content-length"));
  const framing = framingOf(status, codings, fields.get("content-length"));
  const hints = fields.get("keep-alive");
  const hint = hints === undefined ? undefined : /\btimeout=(\d{1,6})/.exec(hints)?.[1];
  return {
    status,
    headers: { get: (name) => fields.get(name.toLowerCase()) ?? null },
    framing,
    mayReuse: isKept && isPlain && framing.by !== "close",
    keepAliveSeconds: hint === undefined ? undefined : Number(hint),
  };
}

const closeWish = /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i;
const keepWish = /(?:^|,)[ \t]*keep-alive[ \t]*(?:,|$)/i;

function isSaid(word: RegExp, field: string | undefined): boolean {
  return field !== undefined && word.test(field);
}

/** The names that answers bear are few, so each is looked at once; a long one is nobody's, and not kept. */
const knownName = remember(1_000, readName);
const longestKnownName = 64;

function readName(text: string): { readonly lower: string } {
  if (!/^[!#$%&'*+.^_`|~\dA-Za-z-]+$/.test(text)) throw new Error("a header of the answer cannot be read");
  return { lower: text.toLowerCase() };
}

/**
 * Reads the lines from `start` up to the empty one. Names in lower case; what comes twice is one list (RFC 9110 §5.3); a line that
 * begins with white space goes on where the one before it ended (RFC 9112 §5.2).
 *
 * Once for each job: found by indexOf, lines take half of the time that splitting the text at them does.
 */
function readFields(text: string, start: number): Map<string, string> {
  const fields = new Map<string, string>();
  let at = start;
  for (;;) {
    let end = text.indexOf("\n", at);
    if (end - at < 2 && (end === at || text[at] === "\r")) return fields;
    const colon = text.indexOf(":", at);
    if (colon === -1 || colon > end) throw new Error("a header of the answer cannot be read");
    const raw = text.slice(at, colon);
    const name = (raw.length > longestKnownName ? readName : knownName)(raw).lower;
    let value = text.slice(colon + 1, end).trim();
    while (text[end + 1] === " " || text[end + 1] === "\t") {
      const from = end + 1;
      end = text.indexOf("\n", from);
      const more = text.slice(from, end).trim();
      if (more !== "") value = value === "" ? more : `${value} ${more}`;
    }
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : `${before}, ${value}`);
    at = end + 1;
  }
}

function framingOf(status: number, codings: string | undefined, lengths: string | undefined): Framing {
  if (status < 200 || status === 204 || status === 304) return { by: "length", bytes: 0 };
  // What RFC 2616 called `identity` says nothing.
  if (codings !== undefined && !/^(?:[ \t,]|identity(?=[ \t,]|$))*$/i.test(codings))
    return { by: /(?:^|,)[ \t]*chunked$/i.test(codings) ? "chunks" : "close" };
  if (lengths === undefined) return { by: "close" };
  if (/^\d{1,15}$/.test(lengths)) return { by: "length", bytes: Number(lengths) };
  const [bytes = "", ...others] = lengths.split(",").map((length) => length.trim());
  if (!/^\d{1,15}$/.test(bytes) || others.some((other) => other !== bytes))
    throw new Error("the Content-Length of the answer cannot be read");
  return { by: "length", bytes: Number(bytes) };
}
