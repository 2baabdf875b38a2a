import { type ChunkReader, createChunkReader } from "./chunk-reader.ts";
import type { Framing } from "./read-head.ts";

/** Reads one body as its bytes come. */
export type BodyReader = {
  /** Takes the next bytes; true when the body is over, or as much of it as is wanted. Throws where it cannot be read. */
  readonly push: (chunk: Buffer) => boolean;
  /** Gives the beginning of the body as text. Bytes that are no UTF-8 are replaced. */
  readonly text: () => string;
  /** Whether all of it was read and nothing behind it, so that the connection is clean. */
  readonly isClean: () => boolean;
};

/** How much of a body is kept; an error message is in the first few hundred bytes, or nowhere. */
export const answerLimitBytes = 65_536;

/** Longest body of an answer that is read to its end. */
export const bodyLimitBytes = 64 * 1_048_576;

/** What is wanted of a body. */
export type BodyOptions = {
  readonly framing: Framing;
  /**
   * Whether it is read to its end, of which the beginning is kept: a success is certain when all of it has come, and a function that
   * works while it answers would be broken off. Else it is over when enough of it has come.
   */
  readonly toItsEnd: boolean;
};

/** Gives a reader for a body. One that ends with the connection is never over by itself. */
export function createBodyReader({ framing, toItsEnd }: BodyOptions): BodyReader {
  const kept = keepBeginning();
  const reader =
    framing.by === "chunks" ? createChunkReader(kept.add) : createLengthReader(framing, kept.add);
  let isClean = false;
  return {
    push: (chunk) => {
      const used = reader.take(chunk);
      isClean = used === chunk.length;
      if (used !== null) return true;
      if (kept.seen() > bodyLimitBytes)
        throw new Error(`the answer is longer than ${bodyLimitBytes / 1_048_576} MiB`);
      return !toItsEnd && kept.seen() >= answerLimitBytes;
    },
    text: kept.text,
    isClean: () => isClean,
  };
}

/** Keeps a copy of the first bytes: a view would keep all that came with them. */
function keepBeginning() {
  let room = Buffer.alloc(0);
  let length = 0;
  let seen = 0;
  return {
    add: (bytes: Buffer) => {
      seen += bytes.length;
      const taken = Math.min(bytes.length, answerLimitBytes - length);
      if (taken === 0) return;
      if (length + taken > room.length) {
        const wider = Buffer.alloc(Math.min(answerLimitBytes, 2 * (length + taken)));
        room.copy(wider, 0, 0, length);
        room = wider;
      }
      bytes.copy(room, length, 0, taken);
      length += taken;
    },
    seen: () => seen,
    text: () => bodyText(room.subarray(0, length)),
  };
}

/** Gives a body's text, without the mark of the byte order, as fetch does. */
export function bodyText(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  return text.startsWith("\ufeff") ? text.slice(1) : text;
}

function createLengthReader(framing: Framing, keep: (bytes: Buffer) => void): ChunkReader {
  let left = framing.by === "length" ? framing.bytes : Number.POSITIVE_INFINITY;
  return {
    take: (chunk) => {
      const bytes = chunk.length > left ? chunk.subarray(0, left) : chunk;
      left -= bytes.length;
      keep(bytes);
      return left === 0 ? bytes.length : null;
    },
  };
}
