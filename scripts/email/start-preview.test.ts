import { expect, test } from "bun:test";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ourTemplates, startPreview } from "./start-preview.ts";

async function withPreview() {
  const folder = await mkdtemp(join(tmpdir(), "preview-"));
  const template = join(folder, "link-mail.mjml");
  await cp(join(ourTemplates, "link-mail.mjml"), template);
  const preview = startPreview({ folder, port: 0 });
  return {
    template,
    get: (path: string) => fetch(preview.url.slice(0, -1) + path),
    [Symbol.asyncDispose]: async () => {
      await preview.stop();
      await rm(folder, { recursive: true });
    },
  };
}

test("the page shows every mail four times", async () => {
  await using preview = await withPreview();
  const page = await (await preview.get("/?locale=de&colour=%23ff0000")).text();
  expect(page.match(/<iframe /g)).toHaveLength(4 * 4);
  const [, source = ""] = /src="([^"]+)"/.exec(page) ?? [];
  const mail = await (await preview.get(source.replaceAll("&amp;", "&"))).text();
  expect(mail).toContain('<html lang="de"');
  expect(mail).toContain("background:#ff0000");
  const [, logo = ""] = /<img\s[^>]*src="([^"]+)"/.exec(mail) ?? [];
  expect((await fetch(logo)).headers.get("Content-Type")).toBe("image/png");
});

test("a mail can be seen in dark, in light and as text", async () => {
  await using preview = await withPreview();
  const get = async (more: string) => (await preview.get(`/mail?mail=Password+reset&${more}`)).text();
  expect(await get("scheme=dark")).toContain("@media all {");
  expect(await get("scheme=light")).toContain("@media not all {");
  expect(await get("part=text")).toStartWith("Subject: Reset your Acme Notes password\n");
  expect((await preview.get("/mail?mail=none")).status).toBe(404);
});

test("a change is told to open pages, and a template with a fault shows it", async () => {
  await using preview = await withPreview();
  const reader = (await preview.get("/events")).body?.getReader();
  await reader?.read();
  await Bun.write(preview.template, "<mjml><mj-body></mj-body></mjml>");
  const { value } = (await reader?.read()) ?? {};
  expect(new TextDecoder().decode(value)).toContain("data: changed");
  await reader?.cancel();
  const mail = await preview.get("/mail?mail=Password+reset");
  expect(mail.status).toBe(500);
  expect(await mail.text()).toStartWith("link-mail.mjml: Cannot compile the template: it never shows ");
});
