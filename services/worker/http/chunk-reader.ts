/** Takes the bytes of a body apart as they come. */
export type ChunkReader = {
  /** Takes the next bytes; gives how many of them belong to the body when it ends with them, else null. */
  readonly take: (chunk: Buffer) => number | null;
};

/** Most bytes of one body that say nothing to us: extensions of its chunks, and trailers. */
export const extrasLimitBytes = 65_536;

/** Sizes below 2^48, leading zeros among them. */
const mostDigits = 12;

const [tab, lineFeed, carriageReturn, space, semicolon] = [9, 10, 13, 32, 59];

/** Where in the coding the next byte stands; `blank` is behind a size, `after` behind a chunk's bytes. */
type Place = "size" | "blank" | "extension" | "bytes" | "after" | "trailers" | "end";

/**
 * Gives a reader of the chunked coding (RFC 9112 §7.1), which hands on the body's own bytes: SIZE CRLF bytes CRLF … 0 CRLF trailers CRLF.
 *
 * A line ends with LF or CR LF. Extensions and trailers are read past, as far as they are few. Each byte is looked at once.
 */
export function createChunkReader(keep: (bytes: Buffer) => void): ChunkReader {
  let place: Place = "size";
  let left = 0;
  let digits = 0;
  /** Of the line that is read, without its end. */
  let lineLength = 0;
  let hasReturned = false;
  let extras = 0;

  const endLine = () => {
    if (place === "trailers") place = lineLength === 0 ? "end" : "trailers";
    else if (place === "after") place = "size";
    else if (digits === 0) throw unreadableSize();
    else place = left === 0 ? "trailers" : "bytes";
    digits = 0;
    lineLength = 0;
    hasReturned = false;
  };

  const readSize = (byte: number) => {
    const digit = digitOf(byte);
    if (digit !== -1 && digits < mostDigits) {
      left = left * 16 + digit;
      digits += 1;
    } else if (digits > 0) leaveSize(byte);
    else throw unreadableSize();
  };

  const leaveSize = (byte: number) => {
    if (byte === semicolon) place = "extension";
    else if (byte === space || byte === tab) place = "blank";
    else throw unreadableSize();
  };

  const readPast = (byte: number) => {
    if (place === "after") throw new Error("a chunk of the answer is longer than it says");
    if (place === "blank") leaveSize(byte);
    if ((byte < space && byte !== tab) || byte === 127)
      throw new Error("a line between the answer's chunks holds a control character");
    extras += 1;
    lineLength += 1;
    if (extras > extrasLimitBytes)
      throw new Error(`the answer has more than ${extrasLimitBytes} bytes of chunk extensions and trailers`);
  };

  /** Takes one byte of what stands between the chunks' bytes. */
  const step = (byte: number) => {
    if (byte === lineFeed) endLine();
    else if (hasReturned) throw new Error("a line between the answer's chunks holds a carriage return");
    else if (byte === carriageReturn) hasReturned = true;
    else if (place === "size") readSize(byte);
    else readPast(byte);
  };

  return {
    take: (chunk) => {
      let at = 0;
      while (at < chunk.length) {
        if (place === "bytes") {
          const bytes = chunk.subarray(at, at + left);
          keep(bytes);
          at += bytes.length;
          left -= bytes.length;
          if (left === 0) place = "after";
          continue;
        }
        step(chunk[at++] ?? 0);
        if (place === "end") return at;
      }
      return null;
    },
  };
}

function unreadableSize(): Error {
  return new Error("a chunk's size in the answer cannot be read");
}

/** Gives what a byte is worth as a hexadecimal digit, or -1. */
function digitOf(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
