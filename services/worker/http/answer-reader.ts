import type { DispatchResponse } from "#protocol/outcome";
import { type BodyReader, createBodyReader } from "./body-reader.ts";
import { type Head, readHead } from "./read-head.ts";

/** An answer that has come, and what may become of its connection. */
export type Answer = {
  readonly response: DispatchResponse;
  readonly mayReuse: boolean;
  /** How long the server keeps an idle connection, where it says so, in seconds. */
  readonly keepAliveSeconds: number | undefined;
};

/** Reads one answer as its bytes come. */
export type AnswerReader = {
  /** Takes the next bytes; gives the answer when it is whole. Throws where they are no HTTP/1 answer. */
  readonly push: (chunk: Buffer) => Answer | null;
  /** Told that the connection has closed; gives the answer where that was its end. */
  readonly close: () => Answer | null;
  /** Whether anything has come. */
  readonly hasBegun: () => boolean;
};

/** How much of a body is kept; an error message is in the first few hundred bytes, or nowhere. */
export const answerLimitBytes = 65_536;

/** Longest head, as in Node's own HTTP client. */
const headLimitBytes = 16_384;

/** Gives a reader for the next answer on a connection. Interim answers (1xx) are read past. */
export function createAnswerReader(): AnswerReader {
  let hasBegun = false;
  let before: Buffer | null = null;
  let head: Head | null = null;
  let body: BodyReader | null = null;

  const answer = (from: Head, read: BodyReader): Answer => ({
    response: { status: from.status, headers: from.headers, body: read.text() },
    mayReuse: from.mayReuse && read.isClean(),
    keepAliveSeconds: from.keepAliveSeconds,
  });

  /** Reads on from the beginning of a head. */
  const pushHead = (bytes: Buffer): Answer | null => {
    const text = bytes.toString("latin1");
    const end = findEnd(text);
    if (end === null) {
      if (bytes.length > headLimitBytes) throw new Error("the head of the answer is too long");
      before = bytes;
      return null;
    }
    before = null;
    const found = readHead(text.slice(0, end.at));
    const bodyAt = end.at + end.length;
    if (found.status === 101) throw new Error("the function wants to speak another protocol (HTTP 101)");
    if (found.status < 200) return pushHead(bytes.subarray(bodyAt));
    const short = wholeAtOnce(found, { bytes, bodyAt });
    if (short !== null) return short;
    head = found;
    body = createBodyReader(found.framing, answerLimitBytes);
    return body.push(bytes.subarray(bodyAt)) ? answer(head, body) : null;
  };

  return {
    hasBegun: () => hasBegun,
    push: (chunk) => {
      hasBegun = true;
      if (head === null || body === null)
        return pushHead(before === null ? chunk : Buffer.concat([before, chunk]));
      return body.push(chunk) ? answer(head, body) : null;
    },
    close: () => (head?.framing.by === "close" && body !== null ? answer(head, body) : null),
  };
}

type Received = { readonly bytes: Buffer; readonly bodyAt: number };

/** Gives the answer where all of it has come, and nothing else: the rule, and worth no second view of the bytes. */
function wholeAtOnce(head: Head, { bytes, bodyAt }: Received): Answer | null {
  const { framing, status, headers, mayReuse, keepAliveSeconds } = head;
  if (framing.by !== "length" || framing.bytes > answerLimitBytes || bytes.length !== bodyAt + framing.bytes)
    return null;
  const body = framing.bytes === 0 ? "" : bytes.toString("utf8", bodyAt);
  return { response: { status, headers, body }, mayReuse, keepAliveSeconds };
}

function findEnd(text: string): { readonly at: number; readonly length: number } | null {
  const at = text.indexOf("\r\n\r\n");
  if (at !== -1) return { at, length: 4 };
  const bare = text.indexOf("\n\n");
  return bare === -1 ? null : { at: bare, length: 2 };
}
