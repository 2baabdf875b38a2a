import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { type Answer, createAnswerReader } from "./answer-reader.ts";
import { answerLimitBytes, bodyLimitBytes } from "./body-reader.ts";
import { extrasLimitBytes } from "./chunk-reader.ts";
import { headLimitBytes, interimLimits } from "./head-reader.ts";

/** Reads an answer that comes in these pieces, and the end of the connection after them. */
function read(...pieces: string[]): Answer | null {
  const reader = createAnswerReader();
  for (const piece of pieces) {
    const answer = reader.push(Buffer.from(piece));
    if (answer !== null) return answer;
  }
  return reader.close();
}

const head = (...lines: string[]) => `HTTP/1.1 200 OK\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`;

test.each([
  ["a length", `${head("Content-Length: 5")}hello`, true],
  ["chunks", `${head("Transfer-Encoding: chunked")}2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nTrailer: x\r\n\r\n`, true],
  ["the end of the connection", `${head()}hello`, false],
  ["a coding that is not chunked last", `${head("Transfer-Encoding: gzip")}hello`, false],
  ["a length, said twice alike", `${head("Content-Length: 5", "Content-Length: 5")}hello`, true],
  [
    "chunks, though a length is said too",
    `${head("Content-Length: 1", "Transfer-Encoding: chunked")}5\r\nhello\r\n0\r\n\r\n`,
    false,
  ],
  ["a length, and the server closes", `${head("Connection: close", "Content-Length: 5")}hello`, false],
  ["a length, with more behind it", `${head("Content-Length: 5")}hello!`, false],
  ["bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", true],
  [
    "an interim answer before it",
    `HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${head("Content-Length: 5")}hello`,
    true,
  ],
] as const)(
  "a body that ends by %s is read, and the connection is reused only where it is clean",
  (_, text, mayReuse) => {
    const answer = read(text);
    expect(answer?.response.body).toBe("hello");
    expect(answer?.mayReuse).toBe(mayReuse);
  },
);

test.each([204, 304])("a %d has no body, whatever its headers say", (status) => {
  const answer = read(`HTTP/1.1 ${status} x\r\nContent-Length: 10\r\n\r\n`);
  expect(answer?.response).toMatchObject({ status, body: "" });
  expect(answer?.mayReuse).toBe(true);
});

test("HTTP/1.0 closes unless it says otherwise", () => {
  expect(read("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")?.mayReuse).toBe(false);
  expect(read("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n")?.mayReuse).toBe(true);
});

test("headers are found by any case, and what comes twice is one list", () => {
  const answer = read(
    head("X-Job-Error:  true ", "A: 1", "a: 2", "Keep-Alive: timeout=7, max=9", "Content-Length: 0"),
  );
  expect(answer?.response.headers.get("x-job-error")).toBe("true");
  expect(answer?.response.headers.get("A")).toBe("1, 2");
  expect(answer?.response.headers.get("None")).toBe(null);
  expect(answer?.keepAliveSeconds).toBe(7);
});

test.each([
  ["garbage", "hello\r\n\r\n"],
  ["another protocol", "HTTP/2 200\r\n\r\n"],
  ["an upgrade", "HTTP/1.1 101 Switching Protocols\r\n\r\n"],
  ["a header without a name", head(": x")],
  ["a header with a space in its name", head("Content-Length : 5")],
  ["lengths that differ", head("Content-Length: 5", "Content-Length: 6")],
  ["a length that is none", head("Content-Length: +5")],
  ["a chunk size that is none", `${head("Transfer-Encoding: chunked")}zz\r\n`],
  ["a chunk that is longer than it says", `${head("Transfer-Encoding: chunked")}2\r\nhello\r\n`],
  ["an endless chunk size", `${head("Transfer-Encoding: chunked")}${"0".repeat(5_000)}`],
])("%s is refused", (_, text) => {
  expect(() => read(text)).toThrow();
});

test("an answer that breaks off is none", () => {
  expect(read(`${head("Content-Length: 5")}hell`)).toBe(null);
  expect(read(`${head("Transfer-Encoding: chunked")}5\r\nhello\r\n0\r\n`)).toBe(null);
  expect(read("HTTP/1.1 200 OK\r\n")).toBe(null);
});

const succeeded = head("Content-Length: 1000000");
const failed = succeeded.replace("200 OK", "500 No");

test("a long body of a success is read to its end, of which the beginning is kept, and the connection used again", () => {
  const answer = read(succeeded, "x".repeat(60_000), "y".repeat(940_000));
  expect(answer?.response.body).toBe("x".repeat(60_000) + "y".repeat(answerLimitBytes - 60_000));
  expect(answer?.mayReuse).toBe(true);
  expect(read(succeeded, "x".repeat(60_000), "y".repeat(60_000))).toBe(null);
});

test("of a long body of a failure the beginning is enough, and the connection is not used again", () => {
  const answer = read(failed, "x".repeat(60_000), "y".repeat(60_000));
  expect(answer?.response.body).toHaveLength(answerLimitBytes);
  expect(answer?.mayReuse).toBe(false);
});

/** Reads a beginning and then the same piece again and again, and gives how many bytes were read until it was refused. */
function readUntilRefused(beginning: string, piece: string): number {
  const reader = createAnswerReader();
  const again = Buffer.from(piece);
  let bytes = beginning.length;
  try {
    if (beginning !== "") reader.push(Buffer.from(beginning));
    for (; bytes < 1_000_000_000; bytes += again.length) reader.push(again);
  } catch {
    return bytes;
  }
  throw new Error("never refused");
}

const chunked = head("Transfer-Encoding: chunked");

test.each([
  ["interim answers", "", "HTTP/1.1 100 Continue\r\n\r\n", interimLimits.count * 25],
  ["short interim answers", "", "HTTP/1.1 100\n\n", interimLimits.count * 14],
  ["interim answers, many at once", "", "HTTP/1.1 102 X\r\n\r\n".repeat(3_000), interimLimits.count * 18],
  [
    "interim answers with much in them",
    "",
    `HTTP/1.1 103 X\r\nA: ${"x".repeat(5_000)}\r\n\r\n`,
    interimLimits.bytes,
  ],
  ["a head of one line", "HTTP/1.1 200 OK\r\nA: ", "x", headLimitBytes],
  ["a head of many lines", "HTTP/1.1 200 OK\r\n", "A: 1\r\n", headLimitBytes],
  ["a head of folded lines", "HTTP/1.1 200 OK\r\nA: 1\r\n", " 1\r\n", headLimitBytes],
  ["a status line", "HTTP/1.1 200 ", "x", headLimitBytes],
  ["one extension of a chunk", `${chunked}1;`, "x".repeat(1_000), extrasLimitBytes],
  ["extensions of many chunks", chunked, `1;${"x".repeat(4_000)}\r\no\r\n`, extrasLimitBytes],
  ["trailers", `${chunked}0\r\n`, "A: 1\r\n", 2 * extrasLimitBytes],
  ["white space behind a size", `${chunked}1`, " ", extrasLimitBytes],
  ["a size", chunked, "0", 12],
  ["a body", head("Content-Length: 999999999"), "x".repeat(1_000_000), bodyLimitBytes],
  ["a body to the connection's end", head(), "x".repeat(1_000_000), bodyLimitBytes],
  ["a body in chunks", chunked, `f4240\r\n${"x".repeat(1_000_000)}\r\n`, bodyLimitBytes],
])("%s without end: refused after a bounded number of bytes", (...row) => {
  const [, beginning, piece, limit] = row;
  const read = readUntilRefused(beginning, piece);
  expect(read).toBeLessThanOrEqual(limit + beginning.length + piece.length);
  expect(read).toBeGreaterThan(limit / 2 - piece.length);
});

test("a head is as long as it may be in one piece and in two", () => {
  const answer = (length: number) => {
    const text = head("Content-Length: 0", "A: ");
    return text.replace("A: ", `A: ${"x".repeat(length - text.length)}`);
  };
  for (const at of [headLimitBytes, 10, 40_000]) {
    const [fits, tooLong] = [answer(headLimitBytes), answer(headLimitBytes + 1)];
    expect(read(fits.slice(0, at), fits.slice(at))?.response.status).toBe(200);
    expect(() => read(tooLong.slice(0, at), tooLong.slice(at))).toThrow("longer than");
  }
});

test("an hour of interim answers, one each second, comes before an answer", () => {
  const interim = Array.from({ length: 3_600 }, () => "HTTP/1.1 102 Processing\r\n\r\n");
  expect(read(...interim, `${head("Content-Length: 2")}ok`)?.response.body).toBe("ok");
});

test("a body that begins with the mark of the byte order is the same whole and in pieces", () => {
  const whole = `${head("Content-Length: 5")}\ufeffok`;
  expect(read(whole)?.response.body).toBe("ok");
  expect(read(whole.slice(0, -2), whole.slice(-2))?.response.body).toBe("ok");
});

test("chunks by HTTP/1.0 are read, and the connection is not used again", () => {
  const answer = read(
    `${chunked.replace("HTTP/1.1 200 OK", "HTTP/1.0 200 OK\r\nConnection: keep-alive")}2\r\nok\r\n0\r\n\r\n`,
  );
  expect([answer?.response.body, answer?.mayReuse]).toEqual(["ok", false]);
});

test("bytes that are no UTF-8 are replaced, and characters that come in two pieces are whole", () => {
  const reader = createAnswerReader();
  const bytes = Buffer.from(`${head("Content-Length: 6")}é€`);
  reader.push(bytes.subarray(0, -2));
  reader.push(bytes.subarray(-2));
  expect(reader.push(Buffer.from([0xff]))?.response.body).toBe("é€\ufffd");
});

test("an answer reads the same in whatever pieces it comes", () => {
  const body = fc.string({ unit: "grapheme", maxLength: 50 });
  const chunked = (text: string) => {
    const bytes = Buffer.from(text);
    const first = bytes.subarray(0, Math.floor(bytes.length / 2));
    const parts = [first, bytes.subarray(first.length)].filter((part) => part.length > 0);
    const chunks = parts.flatMap((part) => [
      Buffer.from(`${part.length.toString(16)}\r\n`),
      part,
      Buffer.from("\r\n"),
    ]);
    return Buffer.concat([
      Buffer.from(head("Transfer-Encoding: chunked")),
      ...chunks,
      Buffer.from("0\r\n\r\n"),
    ]);
  };
  const sized = (text: string) => Buffer.from(`${head(`Content-Length: ${Buffer.byteLength(text)}`)}${text}`);
  fc.assert(
    fc.property(body, fc.boolean(), fc.array(fc.integer({ min: 1, max: 20 })), (text, isChunked, sizes) => {
      const bytes = isChunked ? chunked(text) : sized(text);
      const reader = createAnswerReader();
      let answer: Answer | null = null;
      for (let at = 0, n = 0; at < bytes.length; n++) {
        expect(answer).toBe(null);
        const size = sizes[n % Math.max(1, sizes.length)] ?? bytes.length;
        answer = reader.push(bytes.subarray(at, at + size));
        at += size;
      }
      expect(answer?.response.body).toBe(text);
      expect(answer?.mayReuse).toBe(true);
    }),
  );
});
