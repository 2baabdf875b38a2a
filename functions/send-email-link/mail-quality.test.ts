import { describe, expect, test } from "bun:test";
import { contrast } from "../mail/colour.ts";
import { catalogue, type Locale } from "./catalogue.ts";
import { compose, templatesOf } from "./compose.ts";
import { type SendEmailLinkPayload, sendEmailLinkPayload } from "./payload.ts";
import type { Site } from "./site.ts";
import { wordsOf } from "./words.ts";

const email = "bob@example.com";
const payloads = [
  { email_type: "invite_email", email, invite_token: "t", sender_id: "u" },
  { email_type: "invite_email", email, invite_token: "t", sender_id: "u", invite_type: 2 },
  { email_type: "forgot_password", email, user_id: "u", reset_token: "r" },
  { email_type: "email_verification", email, email_id: "e", verification_token: "v" },
].map((payload) => sendEmailLinkPayload.parse(payload));
const locales: readonly Locale[] = ["en", "de", "fr", "es", "ar"];
const site: Site = {
  title: "Acme",
  domain: { subdomain: "app", domain: "acme.test" },
  logoUrl: "https://cdn.acme.test/logo.png",
  primary: "#7c3aed",
  supportEmail: "support@acme.test",
  companyName: "Acme Incorporated",
  websiteUrl: "https://acme.test/",
  locale: undefined,
};
const link = "https://app.acme.test/reset-password?role_id=u&reset_token=r";
const templates = templatesOf();

function mailOf(
  payload: SendEmailLinkPayload,
  locale: Locale = "en",
  changed: Partial<Site & { link: string }> = {},
) {
  const shown = { link, ...site, ...changed };
  const words = wordsOf(payload, { locale, site: shown.title, inviter: "Ada", support: shown.supportEmail });
  return { words, ...compose(templates[payload.email_type], words, { site: shown, link: shown.link }) };
}

const [invite, , reset] = payloads;
if (invite === undefined || reset === undefined) throw new Error("There are payloads.");

describe.each(locales)("in %s", (locale) => {
  test.each(payloads)("%j reads well", (payload) => {
    const { words, html, text } = mailOf(payload, locale);
    const dir = locale === "ar" ? "rtl" : "ltr";
    const escaped = link.replaceAll("&", "&amp;");

    expect(html).toStartWith(`<!doctype html>\n<html lang="${locale}" dir="${dir}"`);
    expect(html).toContain(`<title>${words.subject}</title>`);
    expect(html).toContain(`overflow:hidden;">${words.preheader}&#8199;`);
    expect(html).toContain(`text-align:${dir === "rtl" ? "right" : "left"};`);
    expect(html.match(/<h1\b/g)).toHaveLength(1);
    expect(html).toContain(`<!--[if mso]><v:roundrect`);
    expect(html).toContain(`>${escaped}</a>`);
    expect(html.split(`href="${escaped}"`)).toHaveLength(4);
    expect(html).not.toMatch(/\{\w+\}|\{\{|undefined|<script|<link|@import|url\(/);

    for (const part of [words.heading, words.intro, words.notYou]) expect(text).toContain(part);
    expect(text.split("\n")).toContain(link);
    expect(text).not.toMatch(/[<>]|\{\w+\}|undefined|\n{3}/);
    expect(catalogue[locale].dir).toBe(dir);
  });
});

test("an Arabic mail keeps names whole and reads from the right", () => {
  const { words, html } = mailOf(invite, "ar");
  expect(words.subject).toContain("\u2068Ada\u2069");
  expect(html).toContain('dir="ltr">https://');
  expect(html).not.toContain("direction:ltr");
});

test("the support address is a link, in its place in the sentence, and the website reads without its scheme", () => {
  const { html, text } = mailOf(invite, "en", { supportEmail: "ada+help@acme.test" });
  expect(html).toContain(
    'Questions? Write to <a href="mailto:ada%2Bhelp@acme.test" dir="ltr">ada+help@acme.test</a>',
  );
  expect(html).toContain('<a href="https://acme.test/" dir="ltr">acme.test</a>');
  expect(text).toEndWith("https://acme.test/\nQuestions? Write to ada+help@acme.test");
});

test("a logo that is not loaded reads as the rest of the mail does, and a tall one does not push the mail out of sight", () => {
  const { html } = mailOf(reset);
  expect(html).toMatch(/class="logo"[\s\S]{0,300}<img\s[^>]*alt="Acme"/);
  expect(html).toMatch(/^\.logo img \{ max-height: 140px;.* color: #57606a;/m);
  expect(html).toMatch(/^\.faint div, \.logo img \{ color: #a9b0b7 !important; \}$/m);
});

test("pictures have words, tables are layout, and what is missing leaves no hole", () => {
  expect(mailOf(reset).html).toContain('alt="Acme"');
  for (const table of mailOf(reset).html.match(/<table\b[^>]*>/g) ?? [])
    expect(table).toMatch(/role="(presentation|none)"/);
  const bare = mailOf(reset, "en", { logoUrl: undefined, websiteUrl: undefined, supportEmail: undefined });
  expect(bare.html).not.toMatch(/<img|src=|Questions|href=""/);
  expect(bare.text).toEndWith("\n-- \nAcme Incorporated");
});

describe("contrast", () => {
  const themes = ["#ffffff", "#fffbe6", "#ffff00", "#a0a0a0", "#777777", "#7c3aed", "#1c1f22", "#000000"];

  test.each(themes)("of a button in %s is enough to read it, and to see its edge", (primary) => {
    const { html } = mailOf(reset, "en", { primary });
    const [, background = "", ink = "", edge = ""] =
      /background:(#\w{6});color:(#\w{6});border:1px solid (#\w{6})/.exec(html) ?? [];
    const [, darkEdge = ""] = /\.button a \{ border-color: (#\w{6})/.exec(html) ?? [];
    expect(background).toBe(primary);
    expect(contrast(background, ink)).toBeGreaterThanOrEqual(4.5);
    expect(contrast("#ffffff", edge)).toBeGreaterThanOrEqual(3);
    expect(contrast("#1c1f22", darkEdge)).toBeGreaterThanOrEqual(3);
    expect(html).toContain(`strokecolor="${edge}" fillcolor="${primary}"`);
  });

  // What link-mail.mjml writes on what, in light and in dark.
  test.each([
    ["#1f2328", "#ffffff"],
    ["#1f2328", "#f3f4f6"],
    ["#57606a", "#ffffff"],
    ["#57606a", "#f3f4f6"],
    ["#f0f2f4", "#1c1f22"],
    ["#f0f2f4", "#111315"],
    ["#a9b0b7", "#1c1f22"],
    ["#a9b0b7", "#111315"],
  ])("of %s on %s is 4.5:1 at least", (ink, background) => {
    const { html } = mailOf(reset);
    expect([html.includes(ink), html.includes(background)]).toEqual([true, true]);
    expect(contrast(ink, background)).toBeGreaterThanOrEqual(4.5);
  });
});

test("the largest mail is below Gmail's 102 KB, and an ordinary one is 12 KB at most", () => {
  const long = '"'.repeat(100);
  const url = `https://acme.test/?${"&".repeat(1980)}`;
  const longLink = `https://app.acme.test/?a=1&b=${"c".repeat(7970)}`;
  const most = { title: long, companyName: long, logoUrl: url, websiteUrl: url, link: longLink };
  const { html } = mailOf(invite, "ar", most);
  expect(new TextEncoder().encode(html).byteLength).toBeLessThan(102_000);
  expect(new TextEncoder().encode(mailOf(reset).html).byteLength).toBeLessThan(12_000);
});
