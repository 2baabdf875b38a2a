import type { DispatchResponse } from "#protocol/outcome";
import { answerLimitBytes, type BodyReader, bodyText, createBodyReader } from "./body-reader.ts";
import { createHeadReader } from "./head-reader.ts";
import type { Head } from "./read-head.ts";

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
  /** Told that the server has closed the connection as one does; gives the answer where that was its end. */
  readonly close: () => Answer | null;
  /** Whether anything has come. */
  readonly hasBegun: () => boolean;
};

/** Gives a reader for the next answer on a connection. Interim answers (1xx) are read past. */
export function createAnswerReader(): AnswerReader {
  const headReader = createHeadReader();
  let hasBegun = false;
  let head: Head | null = null;
  let body: BodyReader | null = null;

  const answer = (from: Head, read: BodyReader): Answer => ({
    response: { status: from.status, headers: from.headers, body: read.text() },
    mayReuse: from.mayReuse && read.isClean(),
    keepAliveSeconds: from.keepAliveSeconds,
  });

  const pushHead = (chunk: Buffer): Answer | null => {
    const found = headReader.push(chunk);
    if (found === null) return null;
    const short = wholeAtOnce(found.head, found.rest);
    if (short !== null) return short;
    head = found.head;
    body = createBodyReader({ framing: head.framing, toItsEnd: head.status < 300 });
    return body.push(found.rest) ? answer(head, body) : null;
  };

  return {
    hasBegun: () => hasBegun,
    push: (chunk) => {
      hasBegun = true;
      if (head === null || body === null) return pushHead(chunk);
      return body.push(chunk) ? answer(head, body) : null;
    },
    close: () => (head?.framing.by === "close" && body !== null ? answer(head, body) : null),
  };
}

/** Gives the answer where all of it has come, and nothing else: the rule, and worth no second view of the bytes. */
function wholeAtOnce(head: Head, rest: Buffer): Answer | null {
  const { framing, status, headers, mayReuse, keepAliveSeconds } = head;
  if (framing.by !== "length" || framing.bytes > answerLimitBytes || rest.length !== framing.bytes)
    return null;
  return { response: { status, headers, body: bodyText(rest) }, mayReuse, keepAliveSeconds };
}
