import { expect, test } from "bun:test";
import { mailDocument } from "./mail-document.ts";

const beside = 'target="_blank" rel="noopener noreferrer"';

test.each([
  ["https://a.example/?x=1&amp;y=2", `<a href="https://a.example/?x=1&amp;y=2" ${beside}>`],
  ["MAILTO:help@a.example", `<a href="MAILTO:help@a.example" ${beside}>`],
  ["#below", '<a href="#below">'],
  ["/clear", `<a ${beside}>`],
  ["javascript:alert(1)", `<a ${beside}>`],
  ["java&#115;cript:alert(1)", `<a ${beside}>`],
  ["data:text/html,hi", `<a ${beside}>`],
])("a link to %s is shown as %s", async (href, expected) => {
  expect(await mailDocument(`<a href="${href}">x</a>`).text()).toBe(`${expected}x</a>`);
});

test("a mail's own target and rel do not count", async () => {
  const html = '<a href="https://a.example/" target="_top" rel="opener">x</a>';
  expect(await mailDocument(html).text()).toBe(`<a href="https://a.example/" ${beside}>x</a>`);
});

test("a mail may open a page beside the mailbox, and nothing else", () => {
  const policy = mailDocument("").headers.get("Content-Security-Policy");
  expect(policy).toStartWith("sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';");
});
