import { expect, test } from "bun:test";
import { escapeAttribute, escapeText, escapeUrl, webUrl } from "./escape.ts";

test.each([
  ["<script>alert('x')</script>", "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"],
  ['"&amp;"', "&quot;&amp;amp;&quot;"],
  ["a\0b", "a\ufffdb"],
  ["שלום 🎉\nnext", "שלום 🎉\nnext"],
])("text %j becomes %j", (given, expected) => {
  expect(escapeText(given)).toBe(expected);
});

test("an attribute stays on one line and within its quotes", () => {
  expect(escapeAttribute('a"\r\nonload="x')).toBe("a&quot; onload=&quot;x");
});

test.each([
  ["https://a.test/x?a=1&b='2'", "https://a.test/x?a=1&amp;b=%272%27"],
  ['http://a.test/"><script>', "http://a.test/%22%3E%3Cscript%3E"],
  ["javascript:alert(1)", undefined],
  ["JaVa\nScript:alert(1)", undefined],
  ["data:text/html,x", undefined],
  ["https://user:pass@a.test/", undefined],
  ["//a.test/x", undefined],
  ["", undefined],
])("URL %j becomes %j", (given, expected) => {
  expect(escapeUrl(given)).toBe(expected);
});

test("a web URL is given normalised and unescaped", () => {
  expect(webUrl("HTTPS://A.test?a&b")).toBe("https://a.test/?a&b");
});
