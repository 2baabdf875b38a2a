import { type Head, readHead } from "./read-head.ts";

/** Reads the head of an answer as its bytes come. */
export type HeadReader = {
  /** Takes the next bytes; gives the head when it is whole, and what came behind it. Throws where they are no head. */
  readonly push: (chunk: Buffer) => { readonly head: Head; readonly rest: Buffer } | null;
};

/** Longest head. Node's client allows 16 KB, Bun's any length; cookies of several gateways fit into this. */
export const headLimitBytes = 65_536;

/** Most interim answers (1xx) before the answer, and most bytes of them: an hour of one each second fits. */
export const interimLimits = { count: 10_000, bytes: 1_048_576 };

const beginning = Buffer.from("HTTP/1.");

/**
 * Gives a reader for the next answer's head. Interim answers are read past.
 *
 * A head ends with the first empty line, be it LF or CR LF, as its other lines. Each byte is looked at once, however they come; what
 * does not begin as an HTTP/1 answer is refused at once, since it may wait for us to speak.
 */
export function createHeadReader(): HeadReader {
  let held: HeldBytes | null = null;
  let looked = 0;
  let lineAt = 0;
  let interimCount = 0;
  let interimBytes = 0;

  /** Looks on for the end of the head that begins with these bytes; -1 where it has not come. */
  const findEnd = (bytes: Buffer): number => {
    while (looked < bytes.length) {
      const at = looked++;
      if (at < beginning.length && bytes[at] !== beginning[at])
        throw new Error("what came is not an HTTP/1 answer");
      if (bytes[at] !== lineFeed) continue;
      if (at === lineAt || (at === lineAt + 1 && bytes[lineAt] === carriageReturn)) return looked;
      lineAt = looked;
    }
    return -1;
  };

  return {
    push: (chunk) => {
      let bytes = held === null ? chunk : held.with(chunk);
      for (;;) {
        const end = findEnd(bytes);
        if ((end === -1 ? bytes.length : end) > headLimitBytes)
          throw new Error(`the head of the answer is longer than ${headLimitBytes} bytes`);
        if (end === -1) {
          held ??= createHeldBytes();
          held.keep(bytes);
          return null;
        }
        const head = readHead(bytes.toString("latin1", 0, end));
        if (head.status === 101) throw new Error("the function wants to speak another protocol (HTTP 101)");
        bytes = bytes.subarray(end);
        if (head.status >= 200) return { head, rest: bytes };
        interimCount += 1;
        interimBytes += end;
        if (interimCount > interimLimits.count || interimBytes > interimLimits.bytes)
          throw new Error("too many interim answers (1xx) came before the answer");
        looked = 0;
        lineAt = 0;
      }
    },
  };
}

const lineFeed = 10;
const carriageReturn = 13;

type HeldBytes = ReturnType<typeof createHeldBytes>;

/** Holds what has come of a head, in room that doubles, so that a byte is copied a few times at most. */
function createHeldBytes() {
  let room = Buffer.alloc(0);
  let length = 0;
  return {
    /** Gives what is held and `chunk` behind it: the chunk itself where nothing is. */
    with: (chunk: Buffer): Buffer => {
      if (length === 0) return chunk;
      if (length + chunk.length > room.length) {
        const wider = Buffer.alloc(2 * (length + chunk.length));
        room.copy(wider, 0, 0, length);
        room = wider;
      }
      chunk.copy(room, length);
      return room.subarray(0, length + chunk.length);
    },
    /** Holds these bytes: a chunk, or the end of what `with` gave. */
    keep: (bytes: Buffer) => {
      if (bytes.buffer === room.buffer) room.copyWithin(0, bytes.byteOffset, bytes.byteOffset + bytes.length);
      else {
        if (bytes.length > room.length) room = Buffer.alloc(Math.max(2 * bytes.length, leastRoom));
        bytes.copy(room);
      }
      length = bytes.length;
    },
  };
}

const leastRoom = 1_024;
