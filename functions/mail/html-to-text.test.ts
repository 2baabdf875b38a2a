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
  ["5 &lt; 6 &amp;amp; &eacute; &#8364; &#x1F389; &#0; &copy;", "5 < 6 &amp; é € 🎉 \ufffd ©"],
  ["&lt;script&gt;", "<script>"],
  ["  a \n\n  b ", "a b"],
  ["", ""],
  [
    "<p>Only orders < 50 € need a fee; orders > 50 € ship free.</p>",
    "Only orders < 50 € need a fee; orders > 50 € ship free.",
  ],
  ['<p title="a > b">text</p><img alt="1 > 0" src=x>', "text\n\n1 > 0"],
  ["<p data-x='<b>'>I <3 you <- 5<6", "I <3 you <- 5<6"],
  ["<p><![endif]>a<!-- <p>b</p> --!>c<!doctype x>d", "acd"],
  ["a<![CDATA[b>c", "ac"],
  ["<title>a</title><iframe>b</iframe><template>c<template>d</template>e</template>f", "f"],
  ["<head>a<meta x>b</head>c", "abc"],
  ["<STYLE>a</STYLE\n>b<Script>c</script >d", "bd"],
  ["<div>a<p>b<div>c", "a\n\nb\n\nc"],
  ["caf&eacute;s &amp co&shy;op a&#8199;b &nbsp; c", "cafés & coop a\u2007b c"],
  ["<pre>\n one\n   two\r\n</pre>three  four", "one\n   two\n\nthree four"],
  ["<ol><li><p>one</p></li><li></li><li>two</ol>", "- one\n\n- two"],
  ['<a href="https://a.test/"><p>Click</p></a> here', "Click (https://a.test/)\n\nhere"],
  ['<a href="https://a.test/"><img alt="Logo" src=x></a>', "Logo (https://a.test/)"],
  ['<a href="https://a.test/"><img src=x></a>', "(https://a.test/)"],
  ['<a href=" https://a\n.test/ ">https://a.test/</a>', "https://a.test/"],
  ['<a href="mailto:a@b.test?subject=x">a@<b>b.test</b></a>', "a@b.test"],
  [
    '<a href="https://a.test/">one <a href="https://b.test/">two',
    "one (https://a.test/) two (https://b.test/)",
  ],
])("%j reads as %j", (html, text) => {
  expect(htmlToText(html)).toBe(text);
});

// Each `<` was once looked through to the end of the mail; read-html.test.ts counts how often one is looked at now.
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
  "<a href=https://a.test/>x",
  "<b></i>",
  "<pre>",
  "<template>",
  "<p a=1 b",
  "<p a=1 ",
])("a long mail of %j gives no more text than it has", (piece) => {
  const html = `Hello${piece.repeat(200_000 / piece.length)}`;
  const text = htmlToText(html);
  expect(text).toStartWith("Hello");
  expect(text.length).toBeLessThanOrEqual(2 * html.length);
});
