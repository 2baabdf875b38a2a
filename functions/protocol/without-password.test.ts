import { expect, test } from "bun:test";
import { withoutPassword } from "./without-password.ts";

test.each([
  ["http://ada:s3cret@gateway/a", "http://…@gateway/a"],
  ["ftp://ada:s3@cret@gateway", "ftp://…@gateway"],
  ["http://ada:s3/c#r?e@t@gateway", "http://…@gateway"],
  ["https://f.example/api/f?code=s3cret&x=1#a", "https://f.example/api/f?code=…&x=…#a"],
  ["https://f.example/f?s3cret", "https://f.example/f?…"],
  ['{"a":"http://ada:s3cret@one","b":"http://two"}', '{"a":"http://…@one","b":"http://two"}'],
  ["http://gateway/a?", "http://gateway/a?"],
  ["ada:s3/c@ret@proxy:3128", "…@proxy:3128"],
  ['"ada:s3cret@proxy"', '"…@proxy"'],
  ["proxy:3128", "proxy:3128"],
  ["no URL@all", "no URL@all"],
])("%p is shown as %p", (given, shown) => {
  expect(withoutPassword(given)).toBe(shown);
});
