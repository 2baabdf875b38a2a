import { expect, test } from "bun:test";
import { assert, integer, property } from "fast-check";
import { contrast, edgeOn, normalColour, readableOn } from "./colour.ts";

test.each([
  ["#ABC", "#aabbcc"],
  ["#abcd", "#aabbcc"],
  [" #A1B2C3 ", "#a1b2c3"],
  ["#a1b2c3ff", "#a1b2c3"],
  ["rgb(1, 2, 300)", "#0102ff"],
  ["rgba(1 2 3 / 50%)", "#010203"],
  ["RebeccaPurple", "#663399"],
  ["yellowgreen", "#9acd32"],
  ["red;background:url(x)", undefined],
  ["#12345", undefined],
  ["url(javascript:1)", undefined],
  ["constructor", undefined],
  ["", undefined],
])("colour %j is %j", (given, expected) => {
  expect(normalColour(given)).toBe(expected);
});

test.each([
  ["#ffffff", "#000000"],
  ["#fde68a", "#000000"],
  ["#7c3aed", "#ffffff"],
  ["#000000", "#ffffff"],
] as const)("on %s one reads %s", (colour, expected) => {
  expect(readableOn(colour)).toBe(expected);
});

test("whatever a site's colour, its button can be read, and its edge seen in light and in dark", () => {
  const colour = integer({ min: 0, max: 0xffffff }).map((value) => `#${value.toString(16).padStart(6, "0")}`);
  assert(
    property(colour, (primary) => {
      expect(contrast(primary, readableOn(primary))).toBeGreaterThanOrEqual(4.5);
      for (const card of ["#ffffff", "#1c1f22"])
        expect(contrast(card, edgeOn(card, primary))).toBeGreaterThanOrEqual(3);
    }),
    { numRuns: 2000 },
  );
});
