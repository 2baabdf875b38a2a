import { expect, test } from "bun:test";
import { readableText, reportedMessage, shorten } from "./readable-text.ts";

test.each([
  ["a NUL and control characters", "a\0b\x1b[31mc", "a b [31mc"],
  ["line breaks of every kind", "a\r\nb\u2028c\td", "a b c d"],
  ["a lone surrogate", "a\ud800b", "a\ufffdb"],
  ["emoji and right-to-left text", "שלום 🎉", "שלום 🎉"],
])("readable text with %s is one storable line", (_, given, expected) => {
  expect(readableText(given)).toBe(expected);
});

test("readable text keeps its limit", () => {
  expect(readableText("x".repeat(10_000_000))).toHaveLength(2000);
});

test("shortening splits no emoji", () => {
  expect(shorten("ab🎉🎉", 4)).toBe("ab…");
});

test.each([
  [{ error: "boom" }, "boom"],
  [{ message: "boom" }, "boom"],
  [{ error: "one", message: "two" }, "one"],
  [{ error: { message: "inner" } }, "inner"],
  [{ error: { code: 7 } }, '{"code":7}'],
  [{ error: "" }, undefined],
  [{ error: null }, undefined],
  ["boom", undefined],
  [null, undefined],
])("the message of %j is %p", (body, expected) => {
  expect(reportedMessage(body)).toBe(expected);
});

test("a message is found four levels deep, and a body of brackets alone exhausts nothing", () => {
  expect(reportedMessage({ error: { error: { message: "no paint" } } })).toBe("no paint");
  const deep = JSON.parse(`{"error":${"[".repeat(100_000)}${"]".repeat(100_000)}}`);
  expect(reportedMessage(deep)).toBeUndefined();
  const errors = JSON.parse(`${'{"error":'.repeat(100_000)}1${"}".repeat(100_000)}`);
  expect(reportedMessage(errors)).toBeUndefined();
});
