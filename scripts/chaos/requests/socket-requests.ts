import * as fc from "fast-check";
import { oddBytes, oddNames, oddValues } from "./odd-values.ts";

const requestLine = fc.constantFrom(
  "POST / HTTP/1.1",
  "POST /callback HTTP/1.1",
  "POST /callback?token=0f8fad5b-d9cb-469f-a165-70867728950e.AAAAAAAAAAAAAAAAAAAAAA HTTP/1.1",
  "POST / HTTP/9.9",
  "GET  / HTTP/1.1",
  "POST",
  "",
  "PRI * HTTP/2.0",
  "POST http://[ HTTP/1.1",
  "CONNECT x:1 HTTP/1.1",
  "POST * HTTP/1.1",
  "POST //x/../y HTTP/1.1",
  "post / http/1.1",
  "POST /\u0000 HTTP/1.1",
  "\u0016\u0003\u0001",
  "POST /%ff?%fe HTTP/1.0",
);
const headerLines = fc.constantFrom(
  "Host: x",
  "Host: a\r\nHost: b",
  "Content-Length: 5",
  "Content-Length: -1",
  "Content-Length: 99999999999999999999",
  "Content-Length: 1\r\nContent-Length: 2",
  "Transfer-Encoding: chunked",
  "Transfer-Encoding: gzip, chunked",
  ": x",
  "no colon",
  " folded: x",
  "X-Worker-Id: w",
  "X-Job-Id: 1",
  "X-Job-Id: \u0000",
  "Expect: 100-continue",
  "Content-Encoding: gzip",
  "Connection: close",
  "Host: http://[",
  "Host:",
  `X-Job-Deadline: ${"9".repeat(9000)}`,
  "X-Job-Error: true",
);
const lines = fc.oneof(
  headerLines,
  fc.tuple(oddNames, oddValues).map(([name, value]) => `${name}: ${value}`),
);
const tails = fc.constantFrom(
  "",
  "{}",
  "5\r\nhello\r\n0\r\n\r\n",
  "zz\r\n",
  "ffffffffffffffff\r\n",
  "0\r\n\r\nPOST / HTTP/1.1\r\n\r\n",
  "-1\r\n",
);
const ends = fc.constantFrom("\r\n\r\n", "\n\n", "\r\n", "");
const almostHttp = fc
  .record({ first: requestLine, more: fc.array(lines, { maxLength: 8 }), end: ends, tail: tails })
  .map(
    ({ first, more, end, tail }) =>
      new Uint8Array(Buffer.from([first, ...more].join("\r\n") + end + tail, "latin1")),
  );

/** Bytes that are no HTTP, almost HTTP, or HTTP whose parts contradict each other. */
export const socketBytes: fc.Arbitrary<Uint8Array<ArrayBuffer>> = fc.oneof(
  { weight: 3, arbitrary: almostHttp },
  { weight: 1, arbitrary: oddBytes },
);
