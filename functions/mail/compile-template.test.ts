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
