import { expect, test } from "bun:test";
import { htmlToText } from "./html-to-text.ts";

test.each([
  ["<p>Hello <b>Ada</b>,</p><p>welcome.</p>", "Hello Ada,\n\nwelcome."],
  ["one<br>two<br/>three", "one\ntwo\nthree"],
  ["<ul><li>one</li><li>two</li></ul>after", "- one\n- two\n\nafter"],
  ["<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\n\nc"],
  ['<a href="https://a.test/?x=1&amp;y=2">Click</a>', "Click (https://a.test/?x=1&y=2)"],
  ["<a class=x href='https://a.test/'>https://a.test/</a>", "https://a.test/"],
  ['<a href="mailto:a@b.test">Write</a>', "Write (a@b.test)"],
  ['<a href="#top">Top</a> <a href="javascript:x()">Run</a>', "Top Run"],
  ['<img alt="Logo" src="x"><img src=y>', "Logo"],
  ["<head><title>t</title></head><style>p{}</style><script>x<y</script><!-- c -->text", "text"],
  ["<style>p { unclosed", ""],
  ["5 &lt; 6 &amp;amp; &eacute; &#8364; &#x1F389; &#0; &copy;", "5 < 6 &amp; &eacute; € 🎉 &#0; ©"],
  ["&lt;script&gt;", "<script>"],
  ["  a \n\n  b ", "a b"],
  ["", ""],
])("%j reads as %j", (html, text) => {
  expect(htmlToText(html)).toBe(text);
});

// Each `<` was once looked through to the end of the mail: a megabyte took longer than any test may.
test.each([
  "<",
  "<a>",
  "<p ",
  "<br ",
  "<a></a ",
  "<a>x</a",
  "<p <br>",
  "<a href='<<<'></a>",
  "<head <!-- > -->",
])("a megabyte of %j is read", (piece) => {
  expect(htmlToText(`Hello${piece.repeat(1_000_000 / piece.length)}`)).toStartWith("Hello");
});
