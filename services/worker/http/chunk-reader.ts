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

/**
 * Gives a reader of the chunked coding (RFC 9112 §7.1), which hands on the body's own bytes: SIZE CRLF bytes CRLF … 0 CRLF trailers CRLF.
 *
 * A line ends with LF or CR LF. Extensions and trailers are read past, as far as they are few. Each byte is looked at once.
 */
export function createChunkReader(keep: (bytes: Buffer) => void): ChunkReader {
  const size = createSizeReader();
  let place: "size" | "bytes" | "after" | "trailers" | "end" = "size";
  let left = 0;
  /** Of the line that is read, without its end. */
  let lineLength = 0;
  let hasReturned = false;
  let extras = 0;

  const endLine = () => {
    if (place === "size") {
      left = size.end();
      place = left === 0 ? "trailers" : "bytes";
    } else if (place === "after") place = "size";
    else if (lineLength === 0) place = "end";
    lineLength = 0;
    hasReturned = false;
  };

  /** Takes one byte of what stands between the chunks' bytes. */
  const step = (byte: number) => {
    if (byte === lineFeed) return endLine();
    if (hasReturned) throw new Error("a line between the answer's chunks holds a carriage return");
    if (byte === carriageReturn) {
      hasReturned = true;
      return;
    }
    if (place === "after") throw new Error("a chunk of the answer is longer than it says");
    lineLength += 1;
    if (place === "size" && size.take(byte)) return;
    if ((byte < space && byte !== tab) || byte === 127)
      throw new Error("a line between the answer's chunks holds a control character");
    extras += 1;
    if (extras > extrasLimitBytes)
      throw new Error(`the answer has more than ${extrasLimitBytes} bytes of chunk extensions and trailers`);
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

/** Reads the lines that tell how long a chunk is: its size, white space perhaps, and extensions behind a semicolon. */
function createSizeReader() {
  let place: "digits" | "blank" | "extensions" = "digits";
  let value = 0;
  let digits = 0;
  return {
    /** Takes a byte of the line; true where it is a digit of the size. */
    take: (byte: number): boolean => {
      if (place === "extensions") return false;
      const digit = place === "digits" ? digitOf(byte) : -1;
      if (digit !== -1 && digits < mostDigits) {
        value = value * 16 + digit;
        digits += 1;
        return true;
      }
      if (digits === 0) throw unreadableSize();
      if (byte === semicolon) place = "extensions";
      else if (byte === space || byte === tab) place = "blank";
      else throw unreadableSize();
      return false;
    },
    /** Ends the line and gives the size. */
    end: (): number => {
      if (digits === 0) throw unreadableSize();
      const size = value;
      place = "digits";
      value = 0;
      digits = 0;
      return size;
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
