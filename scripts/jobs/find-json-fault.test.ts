import { describe, expect, test } from "bun:test";
import { findJsonFault } from "./find-json-fault.ts";

describe("the first place that is not JSON", () => {
  test.each([
    ['{"a":1,}', 7, "a name in double quotes"],
    ["{a:1}", 1, "a name in double quotes"],
    ["{'a':1}", 1, "a name in double quotes"],
    ['{"a" 1}', 5, '":"'],
    ["[1 2]", 3, '"," or "]"'],
    ["[1", 2, '"," or "]"'],
    ["[1,]", 3, "a value"],
    ["", 0, "a value"],
    ['"a\nb"', 0, "a text that ends"],
    ['{"a":1} x', 8, "the end"],
  ])("of %p is %d", (text, offset, expected) => {
    expect(findJsonFault(text)).toEqual({ offset, expected: expect.stringContaining(expected) });
  });
});

test("what is nested too deep is a fault, not a crash", () => {
  expect(findJsonFault("[".repeat(1_000_000))?.expected).toStartWith("fewer nested");
});

test("it finds a fault in exactly those texts that JSON.parse refuses", () => {
  const whole = '{"a":[1,-2.5e3,{"b":null,"c":true}],"d":"x\\u0041\\n\\"☂🌍\u2028","e":{}, "f":[] }';
  const pieces = ["", "{", "}", "[", "]", ",", ":", '"', "\\", " ", "0", "1", "-", ".", "e", "\n", "x"];
  const texts = Array.from({ length: whole.length }, (_, at) =>
    pieces.flatMap((piece) => [
      whole.slice(0, at) + piece + whole.slice(at),
      whole.slice(0, at) + piece + whole.slice(at + 1),
    ]),
  ).flat();
  const isJson = (text: string) => {
    try {
      JSON.parse(text);
      return true;
    } catch {
      return false;
    }
  };
  expect(texts.filter((text) => (findJsonFault(text) === null) !== isJson(text))).toEqual([]);
});
