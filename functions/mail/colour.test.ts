import { expect, test } from "bun:test";
import { normalColour, readableOn } from "./colour.ts";

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
