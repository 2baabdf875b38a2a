import { expect, test } from "bun:test";
import { jsonFault, parseJson, readableText, reportedMessage, shorten } from "./readable-text.ts";

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
  [{ error: true, message: "Card was declined" }, "Card was declined"],
  [{ error: 402, message: "Card was declined" }, "Card was declined"],
  [{ error: { code: 7 }, message: "Card was declined" }, "Card was declined"],
  [{ error: "", message: "two" }, "two"],
  [{ error: " \n", message: { error: "two" } }, "two"],
  [{ error: 402 }, "402"],
  [{ error: ["a", "b"] }, '["a","b"]'],
  [{ error: true }, undefined],
  [{ error: false, message: 0 }, "0"],
  [{ error: "" }, undefined],
  [{ error: null }, undefined],
  ["boom", undefined],
  [null, undefined],
])("the message of %j is %p", (body, expected) => {
  expect(reportedMessage(body)).toBe(expected);
});

test("a message is found four levels deep", () => {
  expect(reportedMessage({ error: { error: { message: "no paint" } } })).toBe("no paint");
  const nested = (depth: number) => JSON.parse(`${'{"error":'.repeat(depth)}"x"${"}".repeat(depth)}`);
  expect(reportedMessage(nested(5))).toBe("x");
  expect(reportedMessage(nested(6))).toStartWith('{"error"');
});

test("JSON is read a thousand levels deep, and a body of brackets alone is not read", () => {
  const nested = (depth: number) => `{"error":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
  expect(parseJson(nested(1_000))).toBeDefined();
  expect(parseJson(nested(1_001))).toBeUndefined();
  expect(jsonFault(nested(1_001))).toBe("is nested more than 1,000 deep");
  expect(parseJson(`${'{"a":'.repeat(1_001)}1${"}".repeat(1_001)}`)).toBeUndefined();
  for (const wide of [`[${"[],".repeat(5_000)}[]]`, JSON.stringify({ a: `\\"${"[".repeat(5_000)}` })])
    expect(parseJson(wide)).toEqual(JSON.parse(wide));
  expect([parseJson("{"), jsonFault("{")]).toEqual([undefined, "is not JSON"]);
});
