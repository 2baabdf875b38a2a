import { expect, test } from "bun:test";
import { compileTemplate } from "./compile-template.ts";
import { fillTemplate, parseTemplate, type Slots } from "./template.ts";

const mjml = (body: string) =>
  `<mjml><mj-body><mj-section><mj-column>${body}</mj-column></mj-section></mj-body></mjml>`;

const slots = { name: "text", link: "url", ink: "colour" } as const;
const source = mjml(
  '<mj-text>Hi {{name}}</mj-text><mj-raw>{{#link}}</mj-raw><mj-button href="{{link}}" background-color="{{ink}}">Go</mj-button><mj-raw>{{/link}}</mj-raw>',
);

const compiled = async <S extends Slots>(text: string, slots: S) =>
  parseTemplate(await compileTemplate(text, slots), slots);

test("a template compiles once and is filled for each mail", async () => {
  const template = await compiled(source, slots);
  const html = fillTemplate(template, { name: "<b>", link: "https://a.test/?a=1&b=2", ink: "red" });
  expect(html).toContain("Hi &lt;b&gt;");
  expect(html).toContain('href="https://a.test/?a=1&amp;b=2"');
  expect(html).toContain("background:#ff0000");
  expect(html).not.toContain("{{");
  expect(html).not.toContain("#fe01");
});

test("a refused value drops the block that asks for it", async () => {
  const template = await compiled(source, slots);
  const html = fillTemplate(template, { name: "Ada", link: "javascript:alert(1)", ink: "red" });
  expect(html).not.toContain("Go");
  expect(html).not.toContain("javascript");
});

test("a value is never read as a template", async () => {
  const template = await compiled(source, slots);
  const name = "{{link}} {{#link}} $1 $`";
  const html = fillTemplate(template, { name, link: "https://a.test/", ink: "red" });
  expect(html).toContain(`Hi ${name}`);
});

test.each([
  [mjml("<mj-nothing></mj-nothing>"), {}, /mj-nothing/],
  [mjml('<mj-text color="no colour">x</mj-text>'), {}, /color/],
  [mjml("<mj-text>{{nme}}</mj-text>"), { name: "text" }, /no slot named nme/],
  [mjml("<mj-text>x</mj-text>"), { name: "text" }, /never shows name/],
] as const)("a template with a fault does not compile (%#)", async (text, slots, reason) => {
  expect(compileTemplate(text, slots)).rejects.toThrow(reason);
});

test("a template that is too long does not compile", async () => {
  expect(compileTemplate("x".repeat(200_001), {})).rejects.toThrow("expected at most 200000");
});

const link = '<a href="{{link}}">{{name}}</a>';

test.each([
  ["", link],
  ["", `{{#link}}<p>${link}</p>{{/link}}`],
  ["", `<!--[if mso]>for Outlook<![endif]--><!--[if !mso]><!-->${link}<!--<![endif]-->`],
  [
    "",
    '<p style="display:none">hidden</p><a href="{{link}}"><img src="{{link}}" alt="{{name}}"></a> {{name}}',
  ],
  ["", "{{name}}: {{link}}"],
])("a required slot that every reader sees compiles (%#)", async (head, body) => {
  const source = mjml(`<mj-text>${body}</mj-text>`).replace(
    "<mj-body>",
    `<mj-head>${head}</mj-head><mj-body>`,
  );
  const template = await compileTemplate(source, slots, ["name", "link"]);
  expect(template).toContain("{{link}}");
});

test.each([
  ["a comment, which MJML drops", "<!-- {{link}} -->", "{{name}}", /never shows link/],
  ["a comment in a text", "", `{{name}} <!-- ${link} -->`, /link may not stand in a comment/],
  [
    "a condition that is never true",
    "",
    `{{name}} <!--[if false]>${link}<![endif]-->`,
    /no reader sees link:/,
  ],
  ["what Outlook alone reads", "", `{{name}} <!--[if mso]>${link}<![endif]-->`, /no reader sees link:/],
  [
    "what is not displayed",
    "",
    `{{name}} <p style="color: red; DISPLAY : none"><b>${link}</b></p>`,
    /no reader sees link:/,
  ],
  ["what is hidden", "", `{{name}} <div hidden><div></div>${link}</div>`, /no reader sees link:/],
  ["a template", "", `{{name}} <template>${link}</template>`, /no reader sees link:/],
  ["the preview", "<mj-preview>{{link}}</mj-preview>", "{{name}}", /no reader sees link:/],
  ["the title", "<mj-title>{{name}}</mj-title>", '<a href="{{link}}">x</a>', /no reader sees name:/],
  ["a block that may be dropped", "", `{{name}} {{#ink}}${link}{{/ink}}`, /no reader sees link:/],
  ["a link without words", "", '{{name}} <a href="{{link}}"> </a>', /no reader sees link:/],
  ["a picture's address", "", '{{name}} <img src="{{link}}">', /no reader sees link:/],
  ["a description", "", '<p title="{{name}}">x</p> <a href="{{link}}">x</a>', /no reader sees name:/],
])("a required slot in %s does not compile", async (...row) => {
  const [, head, body, reason] = row;
  const source = mjml(`<mj-text>${body}</mj-text>`).replace(
    "<mj-body>",
    `<mj-head>${head}</mj-head><mj-body>`,
  );
  expect(compileTemplate(source, slots, ["name", "link"])).rejects.toThrow(reason);
});
