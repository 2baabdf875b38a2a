import type { Framing } from "./read-head.ts";

/** Reads one body as its bytes come. */
export type BodyReader = {
  /** Takes the next bytes; true when the body is over, or as much of it as is wanted. */
  readonly push: (chunk: Uint8Array) => boolean;
  /** Gives the body's text. Bytes that are no UTF-8 are replaced. */
  readonly text: () => string;
  /** Whether all of it was read and nothing behind it, so that the connection is clean. */
  readonly isClean: () => boolean;
};

/**
 * Gives a reader for a body that ends as `framing` says. It keeps `limit` bytes and then stops.
 *
 * A body that ends with the connection is never over by itself. `push` throws where chunks cannot be read.
 */
export function createBodyReader(framing: Framing, limit: number): BodyReader {
  const kept = keepBytes(limit);
  const take = framing.by === "chunks" ? takeChunks(kept.add) : takeBytes(framing, kept.add);
  let isClean = false;
  return {
    push: (chunk) => {
      const used = take(chunk);
      isClean = used === chunk.length;
      return used !== null || kept.isFull();
    },
    text: kept.text,
    isClean: () => isClean,
  };
}

function keepBytes(limit: number) {
  const parts: Uint8Array[] = [];
  let length = 0;
  return {
    add: (bytes: Uint8Array) => {
      if (bytes.length === 0 || length >= limit) return;
      parts.push(bytes.length > limit - length ? bytes.subarray(0, limit - length) : bytes);
      length = Math.min(limit, length + bytes.length);
    },
    isFull: () => length >= limit,
    text: () => (length === 0 ? "" : new TextDecoder().decode(Buffer.concat(parts))),
  };
}

/** Takes the next bytes; gives how many of them belong to the body when it ends with them, else null. */
type Take = (chunk: Uint8Array) => number | null;

function takeBytes(framing: Framing, keep: (bytes: Uint8Array) => void): Take {
  let left = framing.by === "length" ? framing.bytes : Number.POSITIVE_INFINITY;
  return (chunk) => {
    const bytes = chunk.length > left ? chunk.subarray(0, left) : chunk;
    left -= bytes.length;
    keep(bytes);
    return left === 0 ? bytes.length : null;
  };
}

/** A chunk's size line and a trailer are short; longer ones are an attack on memory. */
const lineLimit = 4_096;

/**
 * Chunked coding (RFC 9112 §7.1): SIZE CRLF bytes CRLF … 0 CRLF trailers CRLF. Extensions and trailers are read past.
 */
function takeChunks(keep: (bytes: Uint8Array) => void): Take {
  let state: "size" | "bytes" | "after" | "trailers" = "size";
  let left = 0;
  let line = "";

  const endLine = () => {
    const text = line.replace(/\r$/, "");
    line = "";
    if (state === "trailers") return text === "";
    if (state === "after") {
      if (text !== "") throw new Error("a chunk of the answer is longer than it says");
      state = "size";
      return false;
    }
    const [, digits] = /^([\da-f]{1,12})\s*(?:;.*)?$/i.exec(text) ?? [];
    if (digits === undefined) throw new Error("a chunk's size in the answer cannot be read");
    left = Number.parseInt(digits, 16);
    state = left === 0 ? "trailers" : "bytes";
    return false;
  };

  return (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      if (state === "bytes") {
        const bytes = chunk.subarray(at, at + left);
        keep(bytes);
        at += bytes.length;
        left -= bytes.length;
        if (left === 0) state = "after";
        continue;
      }
      const end = chunk.indexOf(10, at);
      line += Buffer.from(chunk.subarray(at, end === -1 ? chunk.length : end)).toString("latin1");
      if (line.length > lineLimit) throw new Error("a line between the answer's chunks is too long");
      if (end === -1) return null;
      at = end + 1;
      if (endLine()) return at;
    }
    return null;
  };
}
