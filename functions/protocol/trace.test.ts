import { expect, test } from "bun:test";
import { isTraceparent, isTracestate } from "./trace.ts";

const ids = "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331";

test.each([
  [`00-${ids}-01`, true],
  [`01-${ids}-01-more`, true],
  [`00-${ids}-01-more`, false],
  [`ff-${ids}-01`, false],
  [`00-${ids.toUpperCase()}-01`, false],
  [`00-${"0".repeat(32)}-b7ad6b7169203331-01`, false],
  [`00-0af7651916cd43dd8448eb211c80319c-${"0".repeat(16)}-01`, false],
  [`00-${ids}-01\r\nX-Evil: 1`, false],
  ["", false],
])("traceparent %p is valid: %p", (value, expected) => {
  expect(isTraceparent(value)).toBe(expected);
});

test.each([
  ["congo=t61rcWkgMzE,rojo=00f067aa0ba902b7", true],
  ["tenant@vendor=1, ,b=2", true],
  ["a=b=c", false],
  ["A=1", false],
  ["a=1\r\nX-Evil: 1", false],
  ["a=1\r\n\r\n", false],
  ["\r\na=1", false],
  ["a=1,\r\n", false],
  ["a=1\u2003", false],
  ["a=1 ,\tb=2", true],
  ["", false],
  [Array.from({ length: 33 }, (_, n) => `k${n}=1`).join(","), false],
  [`a=${"x".repeat(600)}`, false],
])("tracestate %p is valid: %p", (value, expected) => {
  expect(isTracestate(value)).toBe(expected);
});
