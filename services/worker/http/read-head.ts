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

const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: |$)/;

/**
 * Gives what the head of an HTTP/1 answer says: its text up to and without the empty line.
 *
 * @throws Error when it is not one: what follows could be read in two ways then, so nothing of it is believed.
 */
export function readHead(text: string): Head {
  const [first = "", ...lines] = text.split(/\r?\n/);
  const [, minor, digits] = statusLine.exec(first) ?? [];
  if (digits === undefined) throw new Error("what came is not an HTTP/1 answer");
  const fields = readFields(lines);
  const status = Number(digits);
  const framing = framingOf(status, fields);
  const wishes = fields.get("connection")?.toLowerCase() ?? "";
  const isKept = minor === "1" ? !/\bclose\b/.test(wishes) : /\bkeep-alive\b/.test(wishes);
  const isPlain = !(fields.has("transfer-encoding") && fields.has("content-length"));
  const hint = /\btimeout=(\d{1,6})/.exec(fields.get("keep-alive") ?? "")?.[1];
  return {
    status,
    headers: { get: (name) => fields.get(name.toLowerCase()) ?? null },
    framing,
    mayReuse: isKept && isPlain && framing.by !== "close",
    keepAliveSeconds: hint === undefined ? undefined : Number(hint),
  };
}

/** Names in lower case; what comes twice is one list (RFC 9110 §5.3). */
function readFields(lines: readonly string[]): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    if (colon < 1 || /[\s\0]/.test(name)) throw new Error("a header of the answer cannot be read");
    const value = line.slice(colon + 1).trim();
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return fields;
}

function framingOf(status: number, fields: ReadonlyMap<string, string>): Framing {
  if (status < 200 || status === 204 || status === 304) return { by: "length", bytes: 0 };
  const codings = fields.get("transfer-encoding");
  if (codings !== undefined) return { by: /(?:^|,)\s*chunked\s*$/i.test(codings) ? "chunks" : "close" };
  const lengths = fields.get("content-length");
  if (lengths === undefined) return { by: "close" };
  const [bytes = "", ...others] = lengths.split(",").map((length) => length.trim());
  if (!/^\d{1,15}$/.test(bytes) || others.some((other) => other !== bytes))
    throw new Error("the Content-Length of the answer cannot be read");
  return { by: "length", bytes: Number(bytes) };
}
