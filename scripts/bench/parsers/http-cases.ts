import { readCallbackReport } from "../../../functions/protocol/callback.ts";
import { cloudEventText, headerText } from "../../../functions/protocol/header-text.ts";
import { readJobHeaders } from "../../../functions/protocol/headers.ts";
import { decideOutcome } from "../../../functions/protocol/outcome.ts";
import { taskUrl } from "../../../functions/protocol/task-url.ts";
import { isTraceparent, isTracestate } from "../../../functions/protocol/trace.ts";
import { createAnswerReader } from "../../../services/worker/http/answer-reader.ts";
import type { ParserCase } from "./parser-case.ts";

const repeat = (piece: string) => (bytes: number) => piece.repeat(Math.ceil(bytes / piece.length));
const around =
  (start: string, piece: string, end = "") =>
  (bytes: number) =>
    start + repeat(piece)(bytes) + end;

/** Reads an answer as it comes, in pieces of so many bytes, and what it means. */
function readAnswer(text: string, pieceBytes: number): unknown {
  const bytes = Buffer.from(text, "latin1");
  const reader = createAnswerReader();
  try {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      const answer = reader.push(bytes.subarray(at, at + pieceBytes));
      if (answer !== null) return meant(answer.response);
    }
    const last = reader.close();
    return last === null ? null : meant(last.response);
  } catch (error) {
    return error;
  }
}

const limits = { now: new Date(0), timeoutSeconds: 290, retryAfterMaxSeconds: 3_600 };
const meant = (response: Parameters<typeof decideOutcome>[0]) => decideOutcome(response, limits);

const lines = (...all: string[]) => `${all.join("\r\n")}\r\n`;
const ok = "HTTP/1.1 200 OK";
const chunked = `${lines(ok, "Transfer-Encoding: chunked")}\r\n`;
const end = "\r\n\r\n";

// A quarter of a head each, as one that is too long is refused at once and costs nothing.
const answers: readonly (readonly [name: string, make: ParserCase["make"]])[] = [
  ["interim answers", around("", "HTTP/1.1 100 Continue\r\n\r\n", `${ok}${end}`)],
  ["short interim answers", around("", "HTTP/1.1 100\n\n")],
  ["a head without end", around(lines(ok), "A: 1\r\n")],
  ["a line without end", around(`${lines(ok)}A: `, "x")],
  ["a head of short lines", around(lines(ok), "a:\n", "\n")],
  [
    "a head of other names each",
    (bytes) => `${lines(ok)}${Array.from({ length: bytes / 10 }, (_, n) => `x${n}: 1\n`).join("")}\n`,
  ],
  ["one name again and again", around(lines(ok), "X-Job-Error: false\n", "\n")],
  ["lines that go on", around(`${lines(ok)}A: 1\n`, " 1\n", "\n")],
  ["white space in a value", around(`${lines(ok)}Connection: a,`, " ", `b${end}`)],
  ["commas in a value", around(`${lines(ok)}Connection: `, ",", end)],
  ["lengths", around(`${lines(ok)}Content-Length: 1`, ", 1", `${end}x`)],
  ["codings", around(`${lines(ok)}Transfer-Encoding: identity`, ", identity", end)],
  ["carriage returns", around(`${lines(ok)}A: `, "\r", end)],
  ["LF alone", around(lines(ok), "A: 1\n\r", end)],
  ["waits", around(`${lines("HTTP/1.1 503 X")}Retry-After: `, "Fri, 06 Nov 2026 08:49:37 GMT, ", end)],
  ["chunks of one byte", around(chunked, "1\r\nx\r\n", "0\r\n\r\n")],
  ["extensions", around(`${chunked}1;`, "x", "\r\no\r\n0\r\n\r\n")],
  ["chunks of one byte with extensions", around(chunked, "1;a=b\r\nx\r\n", "0\r\n\r\n")],
  ["trailers", around(`${chunked}0\r\n`, "A: 1\r\n", "\r\n")],
  ["a size", around(chunked, "0")],
  ["a body to the connection's end", around(`${ok}${end}`, "x")],
  ["a failure's body", around(`HTTP/1.1 500 No${end}`, "x")],
];

const reading: ParserCase[] = answers.flatMap(([name, make]) => [
  { name: `answer: ${name}`, make, parse: (input) => readAnswer(input, input.length) },
  { name: `answer: ${name}, byte by byte`, make, parse: (input) => readAnswer(input, 1) },
]);

const bodies: readonly (readonly [name: string, make: ParserCase["make"]])[] = [
  ["brackets", repeat("[")],
  ["brackets that close", (bytes) => `${"[".repeat(bytes / 2)}${"]".repeat(bytes / 2)}`],
  ["an error of brackets", (bytes) => `{"error":${"[".repeat(bytes / 2)}${"]".repeat(bytes / 2)}}`],
  [
    "an error of 900 brackets, and more",
    (bytes) => `{"error":${"[".repeat(900)}${repeat("1,")(bytes)}1${"]".repeat(900)}}`,
  ],
  ["errors in errors", (bytes) => `${'{"error":'.repeat(bytes / 10)}1${"}".repeat(bytes / 10)}`],
  ["an error of many things", around('{"error":[', "{},", "{}]}")],
  ["messages", around("{", '"message":"x",', '"error":""}')],
  ["backslashes", around('{"error":"', "\\\\", '"}')],
  ["titles", around("<html>", "<title")],
  ["a title", around("<html><title>", "x")],
  ["white space", repeat(" ")],
  ["white space and a letter", around("", " \n", "x")],
  ["NULs", repeat("\0")],
  ["lone surrogates", repeat("\ud800")],
  ["an error of white space", around('{"error":"', " ", '"}')],
];
const noHeaders = { get: () => null };
const fails = { get: (name: string) => (name.toLowerCase() === "x-job-error" ? "true" : null) };

const meaning: ParserCase[] = bodies.flatMap(([name, make]) => [
  {
    name: `failure: ${name}`,
    make,
    parse: (body: string) => meant({ status: 500, headers: noHeaders, body }),
  },
  {
    name: `callback: ${name}`,
    make,
    parse: (body: string) =>
      [noHeaders, fails].map((headers) =>
        readCallbackReport({ headers, body }, { now: limits.now, maxSeconds: 1 }),
      ),
  },
]);

const said = (value: string) => ({ get: () => value });
const values: ParserCase[] = ["true,", ", ", "1, ", "Mon, ", " "].map((piece) => ({
  name: `headers: ${JSON.stringify(piece)}`,
  make: repeat(piece),
  parse: (input) => [
    readJobHeaders(said(input)),
    meant({ status: 500, headers: said(input), body: "" }),
    readCallbackReport({ headers: said(input), body: "" }, { now: limits.now, maxSeconds: 1 }),
  ],
}));

const gateway = { baseUrl: "http://gateway.test/{task}/x?y={task}", overrides: {} };
const enqueued: ParserCase[] = ["a", "/", "é", "\ud800", "{task}", " "].map((piece) => ({
  name: `task: ${JSON.stringify(piece)}`,
  make: repeat(piece),
  parse: (input) => [
    taskUrl(input, gateway),
    headerText(input),
    cloudEventText(input),
    isTraceparent(input),
    isTracestate(input),
  ],
}));

/** What the worker reads of answers, and the callback server of callbacks, each with its worst inputs. */
export const httpCases: readonly ParserCase[] = [...reading, ...meaning, ...values, ...enqueued];
