import { expect, test } from "bun:test";
import { type CallbackReport, readCallbackReport } from "./callback.ts";

const limits = { now: new Date("2026-11-06T08:49:00Z"), maxSeconds: 3600 };
const failed = { "X-Job-Error": "true" };
const unnamed = "The function reported an error without a message";

test.each<[Record<string, string>, string, CallbackReport]>([
  [{}, "", { kind: "success" }],
  [{}, "{}", { kind: "success" }],
  [{}, '{"status":"success"}', { kind: "success" }],
  [{}, "[]", { kind: "success" }],
  [failed, "", { kind: "failure", message: unnamed, retry: true }],
  [failed, "{}", { kind: "failure", message: unnamed, retry: true }],
  [failed, '{"status":"error","error":"boom"}', { kind: "failure", message: "boom", retry: true }],
  [failed, '{"message":"boom"}', { kind: "failure", message: "boom", retry: true }],
  [failed, "cut {", { kind: "failure", message: "The function reported an error: cut {", retry: true }],
  [failed, '{"status":"running"}', { kind: "failure", message: unnamed, retry: true }],
  [{ ...failed, "X-Job-Retry": "false" }, "", { kind: "failure", message: unnamed, retry: false }],
  [
    { ...failed, "Retry-After": "9" },
    "",
    { kind: "failure", message: unnamed, retry: true, retryAfterSeconds: 9 },
  ],
  [{}, '{"status":"error","error":"boom"}', { kind: "failure", message: "boom", retry: true }],
  [
    {},
    '{"status":"running","progress":0.4,"message":"4 of 10"}',
    { kind: "progress", progress: 0.4, message: "4 of 10" },
  ],
  [{ "X-Job-Error": "true, true" }, "", { kind: "failure", message: unnamed, retry: true }],
  [{ "X-Job-Error": "false, true" }, "", { kind: "failure", message: unnamed, retry: true }],
  [
    { ...failed, "X-Job-Retry": "false, false", "Retry-After": "9, 9" },
    "",
    { kind: "failure", message: unnamed, retry: false, retryAfterSeconds: 9 },
  ],
  [{ ...failed, "X-Job-Retry": "false, true" }, "", { kind: "failure", message: unnamed, retry: true }],
  [failed, '{"error":true,"message":"boom"}', { kind: "failure", message: "boom", retry: true }],
  [{}, '{"status":"ERROR","error":"boom"}', { kind: "failure", message: "boom", retry: true }],
  [{}, '{"status":"failed","error":"boom"}', { kind: "failure", message: "boom", retry: true }],
  [{}, '{"status":"Running"}', { kind: "progress" }],
  [{}, "[".repeat(2_000), { kind: "invalid", reason: "The body is nested more than 1,000 deep" }],
  [{}, '{"status":"running"}', { kind: "progress" }],
  [{}, '{"status":"running","progress":"x","message":7}', { kind: "progress" }],
  [{}, '{"status":"running","progress":40}', { kind: "progress" }],
  [{}, '{"status":"runn', { kind: "invalid", reason: "The body is not JSON" }],
])("a callback with %j and body %j is %j", (headers, body, expected) => {
  expect(readCallbackReport({ headers: new Headers(headers), body }, limits)).toEqual(expected);
});

test("a callback's message is bounded and can be stored", () => {
  const body = JSON.stringify({ error: `a\0${"b".repeat(9000)}` });
  const report = readCallbackReport({ headers: new Headers(failed), body }, limits);
  expect(report).toEqual({ kind: "failure", message: `a ${"b".repeat(1997)}…`, retry: true });
});
