import { expect, test } from "bun:test";
import { checkSlotPlaces } from "./slot-places.ts";

const slots = { name: "text", link: "url", ink: "colour", side: "word", alt: "attribute" } as const;

test.each([
  "<p>{{name}} {{link}} {{ink}}</p>",
  '<a href="{{link}}" title="{{name}}">{{name}}</a>',
  "<td bgcolor='{{ink}}' align='{{side}}' style='color: {{ink}}; text-align: {{side}}'>x > y</td>",
  "<style>.x { color: {{ink}} }</style>",
  '<!--[if mso]><v:roundrect href="{{link}}" fillcolor="{{ink}}">{{name}}</v:roundrect><![endif]-->',
  '<!--[if !mso]><!--><img src="{{link}}" alt="{{alt}}" /><!--<![endif]-->',
  "{{#link}}<img src='{{link}}'>{{/link}}",
])("%s is safe", (html) => {
  expect(() => checkSlotPlaces(html, slots)).not.toThrow();
});

test.each([
  ['<a href="{{name}}">', "name may not stand (text) in an address"],
  ['<a href="https://a.test/{{link}}">', "link may not stand as a part of href"],
  ['<p style="color: {{name}}">', "name may not stand (text) in style"],
  ["<style>.x { background: url({{link}}) }</style>", "link may not stand (url) in style"],
  ['<p onclick="{{name}}">', "name may not stand in onclick"],
  ['<iframe srcdoc="{{name}}">', "name may not stand in srcdoc"],
  ["<p title={{name}}>", "name may not stand in a tag"],
  ["<p {{name}}>", "name may not stand in a tag"],
  ["<{{name}}>", "name may not stand in a tag"],
  ["<a {{#link}}href='{{link}}'{{/link}}>", "link may not stand in a tag"],
  ["<script>{{name}}</script>", "name may not stand in a comment or a script"],
  ["<!-- {{name}} -->", "name may not stand in a comment or a script"],
  ["</a{{name}}>", "name may not stand in a tag"],
  ["<a{{name}}>", "name may not stand in a tag"],
  ["</{{name}}>", "name may not stand in a comment or a script"],
  ["<?{{name}}>", "name may not stand in a comment or a script"],
  ["<p title='x' title={{name}}>", "name may not stand in a tag"],
  ["<p title='x' style='{{name}}' style='y'>", "name may not stand (text) in style"],
  ["<p title='{{#link}}'>", "link may not stand in a tag"],
  ["<!--[if mso]><a href='{{name}}'><![endif]-->", "name may not stand (text) in an address"],
  ["<p {{name}}", "a slot stands in a tag that is never closed"],
  ["<p title='{{name}}", "a slot stands in a tag that is never closed"],
  ["<!-- {{name}}", "name may not stand in a comment or a script"],
  ["<p>{{other}}</p>", "other may not stand (not declared) in content"],
])("%s is refused", (html, reason) => {
  expect(() => checkSlotPlaces(html, slots)).toThrow(reason);
});
