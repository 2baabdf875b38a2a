import { describe, expect, test } from "bun:test";
import { decideOutcome, type Outcome } from "./outcome.ts";

const limits = { now: new Date("2026-11-06T08:49:00Z"), timeoutSeconds: 290, retryAfterMaxSeconds: 3600 };
const failed = { "X-Job-Error": "true" };
const forGood = { "X-Job-Retry": "false" };

function answer(status: number, headers: Record<string, string> = {}, body = ""): Outcome {
  return decideOutcome({ status, headers: new Headers(headers), body }, limits);
}

describe("the table of responses", () => {
  test.each<[number, Record<string, string>, Outcome["kind"]]>([
    [200, {}, "complete"],
    [201, {}, "complete"],
    [204, {}, "complete"],
    [206, { "X-Job-Error": "false" }, "complete"],
    [200, forGood, "complete"],
    [202, {}, "accepted"],
    [200, failed, "retry"],
    [200, { "x-job-error": "TRUE" }, "retry"],
    [202, failed, "retry"],
    [200, { ...failed, ...forGood }, "dead"],
    [410, {}, "dead"],
    [489, {}, "dead"],
    [410, failed, "dead"],
    [400, forGood, "dead"],
    [500, forGood, "dead"],
    [503, forGood, "dead"],
    [408, {}, "unreachable"],
    [425, {}, "unreachable"],
    [429, {}, "unreachable"],
    [503, {}, "unreachable"],
    [429, failed, "retry"],
    [503, failed, "retry"],
    [502, {}, "retry"],
    [504, {}, "retry"],
    [301, {}, "retry"],
    [304, {}, "retry"],
    [400, {}, "retry"],
    [404, {}, "retry"],
    [499, {}, "retry"],
    [500, {}, "retry"],
    [501, {}, "retry"],
    [599, {}, "retry"],
  ])("HTTP %i with %j is %s", (status, headers, kind) => {
    expect(answer(status, headers).kind).toBe(kind);
  });

  // What is said more than once, by a function and what stands before it, is joined by whoever reads it.
  test.each<[number, readonly (readonly [string, string])[], Outcome["kind"]]>([
    [
      200,
      [
        ["X-Job-Error", "true"],
        ["X-Job-Error", "true"],
      ],
      "retry",
    ],
    [
      200,
      [
        ["X-Job-Error", "false"],
        ["X-Job-Error", "true"],
      ],
      "retry",
    ],
    [
      200,
      [
        ["X-Job-Error", "true"],
        ["X-Job-Error", "false"],
      ],
      "retry",
    ],
    [200, [["X-Job-Error", "TRUE,"]], "retry"],
    [
      202,
      [
        ["X-Job-Error", "true"],
        ["X-Job-Error", "true"],
      ],
      "retry",
    ],
    [
      200,
      [
        ["X-Job-Error", "false"],
        ["X-Job-Error", "false"],
      ],
      "complete",
    ],
    [200, [["X-Job-Error", "truely"]], "complete"],
    [
      500,
      [
        ["X-Job-Retry", "false"],
        ["X-Job-Retry", "false"],
      ],
      "dead",
    ],
    [
      500,
      [
        ["X-Job-Retry", "false"],
        ["X-Job-Retry", "true"],
      ],
      "retry",
    ],
    [500, [["X-Job-Retry", ""]], "retry"],
  ])("HTTP %i with %j is %s", (status, headers, kind) => {
    const all = new Headers();
    for (const [name, value] of headers) all.append(name, value);
    expect(decideOutcome({ status, headers: all, body: "" }, limits).kind).toBe(kind);
  });

  test.each([
    ["refused", "unreachable"],
    ["dns", "unreachable"],
    ["lost", "retry"],
    ["timeout", "retry"],
  ] as const)("no answer because of %s is %s", (failure, kind) => {
    expect(decideOutcome({ failure, message: "why" }, limits).kind).toBe(kind);
  });
});

describe("waiting", () => {
  test.each([
    [503, { "Retry-After": "7" }, { kind: "unreachable", retryAfterSeconds: 7 }],
    [503, { "Retry-After": "7, 7" }, { kind: "unreachable", retryAfterSeconds: 7 }],
    [503, { "Retry-After": "7, 30" }, { kind: "unreachable", retryAfterSeconds: 30 }],
    [429, { "Retry-After": "999999" }, { kind: "unreachable", retryAfterSeconds: 3600 }],
    [500, { ...failed, "Retry-After": "7" }, { kind: "retry", notBeforeSeconds: 7 }],
    [504, {}, { kind: "retry", notBeforeSeconds: 290 }],
    [504, { "Retry-After": "7" }, { kind: "retry", notBeforeSeconds: 290 }],
    [504, { "Retry-After": "700" }, { kind: "retry", notBeforeSeconds: 700 }],
  ])("HTTP %i with %j waits as %j", (status, headers, expected) => {
    expect(answer(status, headers)).toMatchObject(expected);
  });

  test("an answer that asks for no wait names none", () => {
    expect(answer(503)).not.toHaveProperty("retryAfterSeconds");
    expect(answer(500, { "Retry-After": "soon" })).not.toHaveProperty("notBeforeSeconds");
  });

  test("a timeout waits as long as the request was allowed to take", () => {
    expect(decideOutcome({ failure: "timeout", message: "" }, limits)).toEqual({
      kind: "retry",
      message: "The function gave no answer within 290 s",
      notBeforeSeconds: 290,
    });
  });
});

describe("messages", () => {
  const html = "<!DOCTYPE html><html><head><title>502 Bad\nGateway</title></head><body>…</body></html>";
  const echo = { "X-Job-Id": "7" };

  test.each([
    [200, failed, '{"message":"boom"}', "boom"],
    [500, failed, '{"error":"boom","message":"other"}', "boom"],
    [500, failed, '{"error":true,"message":"Card was declined"}', "Card was declined"],
    [500, failed, '{"error":true}', 'The function reported an error: {"error":true}'],
    [500, {}, `<html><title lang="en">a</title>`, 'HTTP 500 from the function: an HTML page titled "a"'],
    [500, {}, "<html><titles>a</titles>", "HTTP 500 from the function: an HTML page"],
    [500, {}, "<html><title>a", "HTTP 500 from the function: an HTML page"],
    [500, failed, "", "The function reported an error without a message (HTTP 500)"],
    [500, failed, "plain", "The function reported an error: plain"],
    [500, {}, '{"error":"boom"}', "HTTP 500 from the function: boom"],
    [500, {}, "oh\0 no\r\n", "HTTP 500 from the function: oh no"],
    [404, {}, "", "HTTP 404 from the function, without a message"],
    [502, {}, html, 'HTTP 502 from the gateway or the function: an HTML page titled "502 Bad Gateway"'],
    [503, echo, "full", "HTTP 503 from the function: full"],
    [500, {}, "<html><body>x</body></html>", "HTTP 500 from the function: an HTML page"],
    [
      302,
      { Location: "https://login.example/path?secret=1" },
      "",
      "HTTP 302 from the function: redirects are not followed (to login.example)",
    ],
    [307, { Location: "/other" }, "", "HTTP 307 from the function: redirects are not followed"],
  ])("HTTP %i with %j and %j says %j", (...row) => {
    const [status, headers, body, message] = row;
    expect(answer(status, headers, body)).toHaveProperty("message", message);
  });

  test("no answer makes a message longer than 2,000 characters or one that Postgres cannot store", () => {
    for (const body of [
      "\0".repeat(9000),
      "x".repeat(1_000_000),
      JSON.stringify({ error: "🎉".repeat(5000) }),
    ]) {
      const outcome = answer(500, {}, body);
      const message = "message" in outcome ? outcome.message : "";
      expect(message.length).toBeLessThanOrEqual(2000);
      expect(message.isWellFormed()).toBe(true);
      expect(message).not.toContain("\0");
    }
  });
});
