import { expect, test } from "bun:test";
import { retryAfterSeconds } from "./retry-after.ts";

const limits = { now: new Date("2026-11-06T08:49:00Z"), maxSeconds: 3600 };

test.each([
  ["120", 120],
  [" 0 ", 0],
  ["999999999999", 3600],
  ["Fri, 06 Nov 2026 08:49:37 GMT", 37],
  ["Friday, 06-Nov-26 08:49:37 GMT", 37],
  ["Fri Nov  6 08:49:37 2026", 37],
  ["Fri, 06 Nov 2026 08:00:00 GMT", 0],
  ["Fri, 06 Nov 2099 08:00:00 GMT", 3600],
  ["7, 7", 7],
  ["30,7", 30],
  ["Fri, 06 Nov 2026 08:49:37 GMT, Fri, 06 Nov 2026 08:49:37 GMT", 37],
  ["7, Friday, 06-Nov-26 08:49:37 GMT", 37],
  ["Fri, 06 Nov 2026 08:00:00 GMT, 5", 5],
  ["soon, 7", 7],
  [", ,", undefined],
  ["-5", undefined],
  ["1.5", undefined],
  ["soon", undefined],
  ["2026-11-06T08:49:37Z", undefined],
  ["Fri, 99 Nov 2026 99:49:37 GMT", undefined],
  ["", undefined],
  [null, undefined],
])("Retry-After %p asks for %p seconds", (value, expected) => {
  expect(retryAfterSeconds(value, limits)).toBe(expected);
});
