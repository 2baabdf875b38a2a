import { expect, test } from "bun:test";
import { withoutPassword } from "./without-password.ts";

test.each([
  ["http://ada:s3cret@gateway/a@b", "http://…@gateway/a@b"],
  ["ftp://ada:s3@cret@gateway", "ftp://…@gateway"],
  ['{"a":"http://ada:s3cret@one","b":"http://two"}', '{"a":"http://…@one","b":"http://two"}'],
  ["http://gateway/a@b", "http://gateway/a@b"],
  ["no URL@all", "no URL@all"],
])("%p is shown as %p", (given, shown) => {
  expect(withoutPassword(given)).toBe(shown);
});
