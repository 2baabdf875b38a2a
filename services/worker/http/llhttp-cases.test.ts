import { expect, test } from "bun:test";
import { allPieces, readPieces } from "../../testing/answer-in-pieces.ts";

// The inputs of the response cases in nodejs/llhttp's tests (June 2026), but for those that try one thing for the second time; of several
// answers in a row the first is read. `llhttp` says what that parser, in its strict mode, makes of them, and `why` where ours differs.

type Case = readonly [what: string, answer: string, llhttp: "takes" | "refuses", is: string, why?: string];

const lines = (...all: string[]) => `${all.join("\r\n")}\r\n\r\n`;
const chunks = "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
const chunked = lines("HTTP/1.1 200 OK", "Host: localhost", "Transfer-encoding: chunked");
const empty = lines("HTTP/1.1 200 OK");
const next = lines("HTTP/1.1 200 OK", "Content-Length: 5") + "hello";

const aLoneLineFeed = "RFC 9112 §2.2 lets LF alone end a line, and small servers send it";
const noOtherVersion = "a function speaks HTTP/1.1 or 1.0; what calls itself anything else is not one";
const whatFollows = "what follows on a connection that is to close is dropped with it";
const extensionsUnread = "extensions are read past, and not looked at";

const cases: readonly Case[] = [
  // connection.md
  [
    "Proxy-Connection",
    `${lines("HTTP/1.1 200 OK", "Content-Length: 11", "Proxy-Connection: close")}hello world`,
    "takes",
    "200 hello world",
  ],
  [
    "1.0, kept, without a length",
    `${lines("HTTP/1.0 200 OK", "Connection: keep-alive")}HTTP/1.0 200 OK`,
    "takes",
    "200 HTTP/1.0 200 OK",
  ],
  [
    "1.0, kept, 204",
    `${lines("HTTP/1.0 204 No content", "Connection: keep-alive")}HTTP/1.0 200 OK`,
    "takes",
    "204",
  ],
  ["1.1 without a length", `${empty}HTTP/1.1 200 OK`, "takes", "200 HTTP/1.1 200 OK"],
  ["1.1, 204", `${lines("HTTP/1.1 204 No content")}HTTP/1.1 200 OK`, "takes", "204"],
  [
    "204 that closes, and more",
    `${lines("HTTP/1.1 204 No content", "Connection: close")}HTTP/1.1 200 OK`,
    "refuses",
    "204",
    whatFollows,
  ],
  [
    "200 that closes, and more",
    `${lines("HTTP/1.1 200 No content", "Content-Length: 5", "Connection: close")}2ad731e3-4dcd`,
    "refuses",
    "200 2ad73",
    whatFollows,
  ],
  [
    "101 with a length",
    `${lines("HTTP/1.1 101 Switching Protocols", "Connection: upgrade", "Upgrade: h2c", "Content-Length: 4")}bodyproto`,
    "takes",
    "lost",
    "nobody has asked for another protocol",
  ],
  [
    "101 with chunks",
    `${lines("HTTP/1.1 101 Switching Protocols", "Connection: upgrade", "Upgrade: h2c", "Transfer-Encoding: chunked")}2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\nproto`,
    "takes",
    "lost",
    "nobody has asked for another protocol",
  ],
  [
    "200 with Upgrade",
    `${lines("HTTP/1.1 200 OK", "Connection: upgrade", "Upgrade: h2c")}body`,
    "takes",
    "200 body",
  ],
  [
    "200 with Upgrade and a length",
    `${lines("HTTP/1.1 200 OK", "Connection: upgrade", "Upgrade: h2c", "Content-Length: 4")}body`,
    "takes",
    "200 body",
  ],
  [
    "200 with Upgrade and chunks",
    `${lines("HTTP/1.1 200 OK", "Connection: upgrade", "Upgrade: h2c", "Transfer-Encoding: chunked")}2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n`,
    "takes",
    "200 body",
  ],
  ["304 with a length", `${lines("HTTP/1.1 304 Not Modified", "Content-Length: 10")}${next}`, "takes", "304"],
  [
    "304 with chunks",
    `${lines("HTTP/1.1 304 Not Modified", "Transfer-Encoding: chunked")}${next}`,
    "takes",
    "304",
  ],
  [
    "100, then 404",
    `${lines("HTTP/1.1 100 Continue")}${lines("HTTP/1.1 404 Not Found", "Content-Length: 14", "Server: Python/3.10 aiohttp/4.0.0a2.dev0")}404: Not Found\n`,
    "takes",
    "404 404: Not Found",
  ],
  [
    "100, an empty line, then 404",
    `${lines("HTTP/1.1 100 Continue")}\r\n${lines("HTTP/1.1 404 Not Found", "Content-Length: 3")}404`,
    "takes",
    "lost",
    "an empty line stands before a request, if anywhere (RFC 9112 §2.2)",
  ],
  [
    "103, then 200",
    `${lines("HTTP/1.1 103 Early Hints", "Link: </styles.css>; rel=preload; as=style")}${lines("HTTP/1.1 200 OK", "Connection: keep-alive", "Keep-Alive: timeout=5", "Content-Length: 16")}response content`,
    "takes",
    "200 response content",
  ],
  // content-length.md
  [
    "to the connection's end, with a type",
    `${lines("HTTP/1.1 200 OK", "Server: Apache", "Content-Type: text/xml; charset=utf-8", "Connection: close")}<?xml version="1.0"?>\n<a/>`,
    "takes",
    '200 <?xml version="1.0"?>\n<a/>',
  ],
  [
    "a header that begins as Content-Length does",
    `${lines("HTTP/1.1 200 OK", "Content-Length-X: 0", "Transfer-Encoding: chunked")}2\r\nOK\r\n0\r\n\r\n`,
    "takes",
    "200 OK",
  ],
  ["tabs around a length", `${lines("HTTP/1.1 200 OK", "Content-Length:\t5\t")}hello`, "takes", "200 hello"],
  // finish.md, sample.md
  ["nothing but the status", empty, "takes", "200"],
  [
    "a few headers",
    lines("HTTP/1.1 200 OK", "Header1: Value1", "Header2:\t Value2", "Content-Length: 0"),
    "takes",
    "200",
  ],
  ["RTSP", lines("RTSP/1.1 200 OK"), "takes", "lost", noOtherVersion],
  ["ICE", lines("ICE/1.1 200 OK"), "takes", "lost", noOtherVersion],
  ["HTTPER", lines("HTTPER/1.1 200 OK"), "refuses", "lost"],
  [
    "a sign in a name, white space behind a length",
    `${lines("HTTP/1.1 301 Moved Permanently", "X-$PrototypeBI-Version: 1.6.0.3", "Content-Length:  11  ")}<HTML>moved`,
    "takes",
    "301 <HTML>moved",
  ],
  [
    "quotes and signs in values, a chunk of one LF",
    `${lines("HTTP/1.1 301 MovedPermanently", 'p3p: policyref="http://x/p3p.xml",CP="CAO DSP "', "Location: http://x/e/ref=s9?_encoding=UTF8&r=1", "Transfer-Encoding: chunked")}1\r\n\n\r\n0\r\n\r\n`,
    "takes",
    "301",
  ],
  ["no headers", lines("HTTP/1.1 404 Not Found"), "takes", "404"],
  ["no reason", lines("HTTP/1.1 301"), "takes", "301"],
  ["an empty reason", lines("HTTP/1.1 200 "), "takes", "200"],
  [
    "LF alone",
    "HTTP/1.1 200 OK\nContent-Type: text/html\nConnection: close\n\nthese headers",
    "refuses",
    "200 these headers",
    aLoneLineFeed,
  ],
  [
    "an underscore in a name",
    lines(
      "HTTP/1.1 200 OK",
      "Content-Length: 0",
      "DCLK_imp: v7;x;114750856;0-0;0;17820020;0/0;~okv=;dcmt=text/xml;;~cs=o",
    ),
    "takes",
    "200",
  ],
  [
    "a header without a value",
    lines(
      "HTTP/1.0 301 Moved Permanently",
      "Pragma: ",
      "Location: http://x/",
      "Content-Length: 0",
      "Connection: keep-alive",
    ),
    "takes",
    "301",
  ],
  [
    "odd names",
    `${lines("HTTP/1.1 200 OK", ".et-Cookie: PlaxoCS=1; path=/", "_eep-Alive: timeout=45", "_onnection: Keep-Alive", "Transfer-Encoding: chunked", "Connection: close")}0\r\n\r\n`,
    "takes",
    "200",
  ],
  [
    "a space in a name",
    `${lines("HTTP/1.1 200 OK", "en-US Content-Type: text/xml", "Content-Length: 16")}<xml>hello</xml>`,
    "refuses",
    "lost",
  ],
  [
    "a reason that is no ASCII",
    lines("HTTP/1.1 500 Ori\xebntatieprobleem", "Content-Length: 0", "Connection: close"),
    "takes",
    "500",
  ],
  ["HTTP/0.9", lines("HTTP/0.9 200 OK"), "takes", "lost", noOtherVersion],
  [
    "an empty line before it",
    `\r\n${lines("HTTP/1.1 200 OK", "Content-Length: 0")}`,
    "takes",
    "lost",
    "an empty line stands before a request, if anywhere (RFC 9112 §2.2)",
  ],
  // invalid.md, lenient-version.md
  ["HTP", lines("HTP/1.1 200 OK"), "refuses", "lost"],
  ["HTTP/01.1", lines("HTTP/01.1 200 OK"), "refuses", "lost"],
  ["HTTP/11.1", lines("HTTP/11.1 200 OK"), "refuses", "lost"],
  ["HTTP/1.01", lines("HTTP/1.01 200 OK"), "refuses", "lost"],
  ["a tab behind the version", lines("HTTP/1.1\t200 OK"), "refuses", "lost"],
  [
    "CR before it",
    `\r${lines("HTTP/1.1 200 OK")}`,
    "takes",
    "lost",
    "nothing stands before an answer (RFC 9112 §2.1)",
  ],
  ["CR between headers", lines("HTTP/1.1 200 OK", "Foo: 1\rBar: 2"), "refuses", "lost"],
  ["CR behind the status line", lines("HTTP/1.1 200 OK\rContent-Length: 0"), "refuses", "lost"],
  ["CR CR behind the status line", `${lines("HTTP/1.1 200 OK\r\rContent-Length: 4")}Evil`, "refuses", "lost"],
  ["HTTP/5.6", lines("HTTP/5.6 200 OK"), "refuses", "lost"],
  ["white space before the first header", lines("HTTP/1.1 200 OK", " Host: foo"), "refuses", "lost"],
  ["two spaces before the status", lines("HTTP/1.1  200 OK"), "refuses", "lost"],
  ["two spaces before the reason", lines("HTTP/1.1 200  OK"), "takes", "200"],
  ["a status of one digit", lines("HTTP/1.1 2 OK"), "refuses", "lost"],
  ["LF alone, and no body", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "refuses", "200", aLoneLineFeed],
  // pausing.md, pipelining.md
  ["a length", `${lines("HTTP/1.1 200 OK", "Content-Length: 3")}abc`, "takes", "200 abc"],
  ["an extension with a value", `${chunked}a;foo=bar\r\n0123456789\r\n0\r\n\r\n`, "takes", "200 0123456789"],
  [
    "three answers in a row",
    `${lines("HTTP/1.1 200 OK", "Content-Length: 3")}AAA${next}${next}`,
    "takes",
    "200 AAA",
  ],
  // transfer-encoding.md
  [
    "spaces behind a size",
    `${lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked")}5  \r\nhello\r\n0  \r\n\r\n`,
    "refuses",
    "200 hello",
    "RFC 9112 §7.1.1 has such white space read past",
  ],
  [
    "chunked before another coding",
    `${lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked, deflate")}World`,
    "takes",
    "200 World",
  ],
  [
    "chunked, and identity behind it",
    `${lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "Transfer-Encoding: identity")}World`,
    "takes",
    "200 World",
  ],
  [
    "chunkedchunked",
    `${lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunkedchunked")}2\r\nOK\r\n0\r\n\r\n`,
    "takes",
    "200 2\r\nOK\r\n0",
  ],
  [
    "extensions",
    `${chunked}5;ilovew3;somuchlove=aretheseparametersfor\r\nhello\r\n6;blahblah;blah\r\n world\r\n0\r\n\r\n`,
    "takes",
    "200 hello world",
  ],
  ["no semicolon before an extension", `${chunked}2 erfrferferf\r\naa\r\n0 rrrr\r\n\r\n`, "refuses", "lost"],
  ["nothing behind a semicolon", `${chunked}2;\r\naa\r\n0\r\n\r\n`, "refuses", "200 aa", extensionsUnread],
  [
    "extensions in quotes",
    `${chunked}5;ilovew3="I love; extensions";blah;foo=bar\r\nhello\r\n6;blahblah;blah\r\n world\r\n0\r\n\r\n`,
    "takes",
    "200 hello world",
  ],
  [
    "a quote that does not end",
    `${chunked}5;ilovew3="abc";somuchlove="def; ghi\r\nhello\r\n6;blahblah;blah\r\n world\r\n0\r\n\r\n`,
    "refuses",
    "200 hello world",
    extensionsUnread,
  ],
  [
    "a line that goes on behind chunked",
    `${lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "  abc")}${chunks}`,
    "takes",
    `200 ${chunks.trim()}`,
  ],
];

test.each(cases)("%s: %j, which llhttp %s, is %j", (...row) => {
  const [, answer, llhttp, is, why] = row;
  expect([...new Set(allPieces(answer).map(readPieces))]).toEqual([is]);
  expect(why !== undefined).toBe((llhttp === "takes") !== (is !== "lost"));
});
