import type { HeaderSource } from "#protocol/headers";

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

const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [^\n]*)?\r?(?:\n|$)/;

/**
 * Gives what the head of an HTTP/1 answer says: its text up to and without the empty line.
 *
 * @throws Error when it is not one: what follows could be read in two ways then, so nothing of it is believed.
 */
export function readHead(text: string): Head {
  const [first, minor, digits] = statusLine.exec(text) ?? [];
  if (first === undefined) throw new Error("what came is not an HTTP/1 answer");
  const fields = readFields(text, first.length);
  const status = Number(digits);
  const framing = framingOf(status, fields);
  const wishes = fields.get("connection");
  const isKept = minor === "1" ? !isSaid(/\bclose\b/i, wishes) : isSaid(/\bkeep-alive\b/i, wishes);
  const isPlain = !(fields.has("transfer-encoding") && fields.has("content-length"));
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

function isSaid(word: RegExp, field: string | undefined): boolean {
  return field !== undefined && word.test(field);
}

/**
 * Reads the lines from `start` on. Names in lower case; what comes twice is one list (RFC 9110 §5.3).
 *
 * Once for each job: found by indexOf, lines take half of the time that splitting the text at them does.
 */
function readFields(text: string, start: number): Map<string, string> {
  const fields = new Map<string, string>();
  let at = start;
  while (at < text.length) {
    const found = text.indexOf("\n", at);
    const end = found === -1 ? text.length : found;
    const colon = text.indexOf(":", at);
    const name = text.slice(at, colon).toLowerCase();
    if (colon <= at || colon > end || /[\s\0]/.test(name))
      throw new Error("a header of the answer cannot be read");
    const value = text.slice(colon + 1, end).trim();
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : `${before}, ${value}`);
    at = end + 1;
  }
  return fields;
}

function framingOf(status: number, fields: ReadonlyMap<string, string>): Framing {
  if (status < 200 || status === 204 || status === 304) return { by: "length", bytes: 0 };
  const codings = fields.get("transfer-encoding");
  if (codings !== undefined) return { by: /(?:^|,)\s*chunked\s*$/i.test(codings) ? "chunks" : "close" };
  const lengths = fields.get("content-length");
  if (lengths === undefined) return { by: "close" };
  if (/^\d{1,15}$/.test(lengths)) return { by: "length", bytes: Number(lengths) };
  const [bytes = "", ...others] = lengths.split(",").map((length) => length.trim());
  if (!/^\d{1,15}$/.test(bytes) || others.some((other) => other !== bytes))
    throw new Error("the Content-Length of the answer cannot be read");
  return { by: "length", bytes: Number(bytes) };
}
