import { describe, expect, test } from "bun:test";
import { allPieces, fetchPieces, readPieces } from "../../testing/answer-in-pieces.ts";

/** An answer on the wire and what it is; `byFetch` and `why` where Bun's fetch makes something else of it. */
type Case = {
  readonly what: string;
  readonly answer: string;
  readonly is: string;
  readonly byFetch?: string;
  readonly why?: string;
};

const sized = "Content-Length: 2\r\n";
const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const withLine = (line: string) => `HTTP/1.1 200 OK\r\n${line}\r\n${sized}\r\nok`;
const withStatusLine = (line: string) => `${line}\r\n${sized}\r\nok`;
const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

const rfc = (section: string) => `RFC 9112 §${section}`;

const cases: readonly Case[] = [
  // Line ends.
  { what: "CR LF", answer: ok, is: "200 ok" },
  { what: "LF alone", answer: ok.replaceAll("\r", ""), is: "200 ok" },
  {
    what: "LF alone before CR LF at the head's end",
    answer: "HTTP/1.1 200 OK\nContent-Length: 2\n\r\nok",
    is: "200 ok",
  },
  {
    what: "CR LF before LF alone at the head's end",
    answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\nok",
    is: "200 ok",
  },
  {
    what: "LF alone, and CR LF CR LF in the body",
    answer: "HTTP/1.1 200 OK\nContent-Length: 6\n\na\r\n\r\nb",
    is: "200 a\r\n\r\nb",
  },
  {
    what: "CR LF, and LF LF in the body",
    answer: "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\na\n\nb",
    is: "200 a\n\nb",
  },
  { what: "CR in a header's value", answer: withLine("A: 1\rB: 2"), is: "lost" },
  {
    what: "CR alone behind the status line",
    answer: "HTTP/1.1 200 OK\rContent-Length: 2\r\n\r\nok",
    is: "lost",
  },
  { what: "CR CR LF", answer: withLine("A: 1\r"), is: "lost" },
  { what: "an empty line before the status line", answer: `\r\n${ok}`, is: "lost" },
  {
    what: "white space alone in a line",
    answer: withLine("A: 1\r\n "),
    is: "200 A=1 ok",
    byFetch: "lost",
    why: rfc("5.2"),
  },

  // Status lines.
  { what: "no reason", answer: withStatusLine("HTTP/1.1 200"), is: "200 ok" },
  { what: "an empty reason", answer: withStatusLine("HTTP/1.1 200 "), is: "200 ok" },
  { what: "a reason that is no ASCII", answer: withStatusLine("HTTP/1.1 500 Ori\xebntatie"), is: "500 ok" },
  { what: "a status of one digit", answer: withStatusLine("HTTP/1.1 2 OK"), is: "lost" },
  { what: "a status of four digits", answer: withStatusLine("HTTP/1.1 2000 OK"), is: "lost" },
  {
    what: "status 099",
    answer: withStatusLine("HTTP/1.1 099 X"),
    is: "lost",
    byFetch: "99 ok",
    why: "no status: RFC 9110 §15 begins with 100, and 099 read as a number would be a failure without a row in the protocol",
  },
  { what: "status 999", answer: withStatusLine("HTTP/1.1 999 X"), is: "999 ok" },
  {
    what: "two spaces before the status",
    answer: withStatusLine("HTTP/1.1  200 OK"),
    is: "lost",
    byFetch: "200 ok",
    why: `${rfc("4")} has one; llhttp refuses it too`,
  },
  { what: "a tab before the status", answer: withStatusLine("HTTP/1.1\t200 OK"), is: "lost" },
  { what: "a letter behind the status", answer: withStatusLine("HTTP/1.1 200OK"), is: "lost" },
  { what: "HTTP/1.0", answer: withStatusLine("HTTP/1.0 200 OK"), is: "200 ok" },
  {
    what: "HTTP/1.2, which is to be read as 1.1 (RFC 9110 §2.5)",
    answer: withStatusLine("HTTP/1.2 200 OK"),
    is: "200 ok",
  },
  { what: "HTTP/2.0", answer: withStatusLine("HTTP/2.0 200 OK"), is: "lost" },
  { what: "HTTP/2 without a minor version", answer: "HTTP/2 200\r\n\r\nok", is: "lost" },
  { what: "http in small letters", answer: withStatusLine("http/1.1 200 OK"), is: "lost" },

  // What is no HTTP/1 at all.
  { what: "frames of HTTP/2", answer: "\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0d\0\x04\0\x10\0\0", is: "lost" },
  { what: "an alert of TLS", answer: "\x15\x03\x01\0\x02\x02\x0a", is: "lost" },
  { what: "the banner of a mail server", answer: "220 mail.example ESMTP\r\n", is: "lost" },
  { what: "the banner of SSH", answer: "SSH-2.0-OpenSSH_9.0\r\n", is: "lost" },
  { what: "an error of Redis", answer: "-ERR unknown command\r\n", is: "lost" },
  { what: "a page without a head", answer: "<html>hello</html>\r\n\r\n", is: "lost" },
  { what: "nothing", answer: "", is: "lost" },

  // Headers.
  { what: "a header that comes twice", answer: withLine("A: 1\r\na: 2"), is: "200 A=1, 2 ok" },
  { what: "a header without a value", answer: withLine("A:"), is: "200 A= ok" },
  { what: "white space around a value", answer: withLine("A: \t 1 \t"), is: "200 A=1 ok" },
  {
    what: "a folded header",
    answer: withLine("A: 1\r\n 2"),
    is: "200 A=1 2 ok",
    byFetch: "lost",
    why: rfc("5.2"),
  },
  {
    what: "a line that goes on where none began",
    answer: "HTTP/1.1 200 OK\r\n A: 1\r\nContent-Length: 2\r\n\r\nok",
    is: "lost",
  },
  { what: "white space behind a name", answer: withLine("A : 1"), is: "lost" },
  { what: "white space within a name", answer: withLine("A B: 1"), is: "lost" },
  { what: "a header without a name", answer: withLine(": 1"), is: "lost" },
  { what: "a header without a colon", answer: withLine("A"), is: "lost" },
  { what: "a NUL in a value", answer: withLine("A: 1\0"), is: "lost" },
  { what: "a control character in a value", answer: withLine("A: \x01"), is: "lost" },
  { what: "a NUL in a name", answer: withLine("A\0: 1"), is: "lost" },
  { what: "a value that is no ASCII", answer: withLine("A: \xe9"), is: "200 A=\xe9 ok" },

  // The end of the body.
  { what: "the connection's end", answer: "HTTP/1.1 200 OK\r\n\r\nok", is: "200 ok" },
  { what: "a length that comes twice alike", answer: withLine("Content-Length: 2"), is: "200 ok" },
  { what: "two lengths that differ", answer: withLine("Content-Length: 3"), is: "lost" },
  {
    what: "a list of lengths alike",
    answer: "HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok",
    is: "200 ok",
    byFetch: "lost",
    why: "RFC 9110 §8.6 allows it: a gateway joins what comes twice, which fetch takes as well",
  },
  { what: "a length with a sign", answer: "HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok", is: "lost" },
  { what: "a length in hexadecimal", answer: "HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\nok", is: "lost" },
  { what: "an empty length", answer: "HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\nok", is: "lost" },
  {
    what: "a length beyond all measure",
    answer: "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nok",
    is: "lost",
  },
  {
    what: "a length that is not reached",
    answer: "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok",
    is: "lost",
  },
  { what: "more than the length", answer: `${ok}HTTP/1.1 500 No\r\n\r\n`, is: "200 ok" },
  { what: "204 with a length", answer: "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok", is: "204" },
  {
    what: "304 with chunks",
    answer: "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    is: "304",
  },
  { what: "identity, and a length", answer: withLine("Transfer-Encoding: identity"), is: "200 ok" },
  {
    what: "identity, and no length",
    answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nok",
    is: "200 ok",
  },
  {
    what: "a coding that nobody knows, and a length",
    answer: withLine("Transfer-Encoding: x"),
    is: "200 ok",
    byFetch: "lost",
    why: `${rfc("6.3")}: then the connection's end is the body's`,
  },
  {
    what: "chunks and a length",
    answer: "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    is: "200 ok",
  },

  // Chunks.
  { what: "one chunk", answer: `${chunked}2\r\nok\r\n0\r\n\r\n`, is: "200 ok" },
  {
    what: "chunks with extensions",
    answer: `${chunked}1;a=b;c="d;e"\r\no\r\n1;f\r\nk\r\n0;g\r\n\r\n`,
    is: "200 ok",
  },
  { what: "trailers", answer: `${chunked}2\r\nok\r\n0\r\nA: 1\r\nB: 2\r\n\r\n`, is: "200 ok" },
  {
    what: "sizes with zeros in front and in capitals",
    answer: `${chunked}002\r\nok\r\n00A\r\n0123456789\r\n00\r\n\r\n`,
    is: "200 ok0123456789",
  },
  {
    what: "white space behind a size",
    answer: `${chunked}2  \r\nok\r\n0 \r\n\r\n`,
    is: "200 ok",
    byFetch: "lost",
    why: `${rfc("7.1.1")} has it read past`,
  },
  {
    what: "chunks whose lines end with LF alone",
    answer: `${chunked}2\nok\n0\n\n`,
    is: "200 ok",
    byFetch: "lost",
    why: `${rfc("2.2")}: LF alone ends a line, and here it does wherever it stands`,
  },
  { what: "no size", answer: `${chunked}\r\nok\r\n0\r\n\r\n`, is: "lost" },
  { what: "an extension without a size", answer: `${chunked};a\r\nok\r\n0\r\n\r\n`, is: "lost" },
  { what: "a size that is none", answer: `${chunked}zz\r\nok\r\n0\r\n\r\n`, is: "lost" },
  { what: "a size with a sign", answer: `${chunked}+2\r\nok\r\n0\r\n\r\n`, is: "lost" },
  { what: "a size beyond all measure", answer: `${chunked}fffffffffffffffff\r\nok\r\n0\r\n\r\n`, is: "lost" },
  { what: "a size with a word behind it", answer: `${chunked}2 x\r\nok\r\n0\r\n\r\n`, is: "lost" },
  { what: "a chunk that is longer than it says", answer: `${chunked}1\r\nok\r\n0\r\n\r\n`, is: "lost" },
  { what: "a CR within an extension", answer: `${chunked}2;a\rb\r\nok\r\n0\r\n\r\n`, is: "lost" },
  { what: "no last chunk", answer: `${chunked}2\r\nok\r\n`, is: "lost" },
  {
    what: "no end of the trailers",
    answer: `${chunked}2\r\nok\r\n0\r\nA: 1\r\n`,
    is: "lost",
    byFetch: "200 ok",
    why: `${rfc("8")}: what was cut off is not complete`,
  },

  // Interim answers.
  { what: "100 first", answer: `HTTP/1.1 100 Continue\r\n\r\n${ok}`, is: "200 ok" },
  {
    what: "103 with headers, twice",
    answer: `${"HTTP/1.1 103 Early Hints\r\nA: 1\r\n\r\n".repeat(2)}${ok}`,
    is: "200 ok",
  },
  {
    what: "102 with a length",
    answer: `HTTP/1.1 102 Processing\r\nContent-Length: 2\r\n\r\n${ok}`,
    is: "200 ok",
  },
  { what: "101", answer: `HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n${ok}`, is: "lost" },
  { what: "100 and nothing behind it", answer: "HTTP/1.1 100 Continue\r\n\r\n", is: "lost" },
];

describe.each(cases)("$what", ({ answer, is, byFetch = is, why }) => {
  test(`is ${JSON.stringify(is)} to our client in whatever pieces it comes`, () => {
    expect([...new Set(allPieces(answer).map(readPieces))]).toEqual([is]);
  });

  test(`is ${JSON.stringify(byFetch)} to fetch too`, async () => {
    const all = allPieces(answer);
    const outcomes = new Set<string>();
    for (let at = 0; at < all.length; at += 32)
      for (const one of await Promise.all(all.slice(at, at + 32).map(fetchPieces))) outcomes.add(one);
    expect([...outcomes]).toEqual([byFetch]);
    expect(why === undefined).toBe(byFetch === is);
  });
});
