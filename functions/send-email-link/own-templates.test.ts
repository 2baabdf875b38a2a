import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readFolder } from "../serve/read-folder.ts";
import { createOwnTemplates } from "./own-templates.ts";

const mjml = (body: string) =>
  `<mjml><mj-body><mj-section><mj-column><mj-text>${body}</mj-text></mj-column></mj-section></mj-body></mjml>`;
const whole = '{{heading}} {{intro}} <a href="{{link}}">{{action}}</a>';

async function withFolder(files: Record<string, string>) {
  const folder = await mkdtemp(join(tmpdir(), "templates-"));
  for (const [name, text] of Object.entries(files)) await Bun.write(join(folder, name), text);
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

const textOf = (parts: readonly unknown[]) => JSON.stringify(parts);

test("a folder's templates stand in for ours, by type, else by link-mail", async () => {
  await using own = await withFolder({
    "link-mail.mjml": mjml(`ALL ${whole}`),
    "invite_email.mjml": mjml(`INVITE ${whole}`),
    "README.md": "no template",
  });
  const templates = await createOwnTemplates(readFolder)({ JOBS_EMAIL_TEMPLATES: own.folder });
  expect(textOf(templates.invite_email.parts)).toContain("INVITE");
  expect(textOf(templates.forgot_password.parts)).toContain("ALL");
  expect(textOf(templates.email_verification.parts)).toContain("ALL");
});

test("a type without a file has our template, and a folder is compiled once", async () => {
  await using own = await withFolder({ "invite_email.mjml": mjml(whole) });
  const templates = createOwnTemplates(readFolder);
  const first = await templates({ JOBS_EMAIL_TEMPLATES: own.folder });
  expect(first.forgot_password).toEqual((await templates({})).forgot_password);
  expect(await templates({ JOBS_EMAIL_TEMPLATES: own.folder })).toBe(first);
});

test.each([
  [
    { "link-mail.mjml": mjml("{{heading}} {{intro}} {{action}}") },
    "link-mail.mjml: Cannot compile the template: it never shows link.",
  ],
  [
    { "link-mail.mjml": mjml("{{heading}} {{intro}} {{action}}</mj-text><!-- {{link}} --><mj-text>") },
    "link-mail.mjml: Cannot compile the template: it never shows link.",
  ],
  [
    {
      "link-mail.mjml": mjml(
        '{{heading}} {{intro}} {{action}} {{#logoUrl}}<a href="{{link}}">x</a>{{/logoUrl}}',
      ),
    },
    "link-mail.mjml: Cannot compile the template: no reader sees link:",
  ],
  [{ "invite_email.mjml": mjml(`${whole} {{token}}`) }, "there is no slot named token, but lang, dir, "],
  [
    { "invite_email.mjml": mjml(`${whole} <a href="{{intro}}">x</a>`) },
    "intro may not stand (text) in an address",
  ],
  [{ "invite.mjml": mjml(whole) }, "no mail has that name"],
  [{ "link-mail.html": "<p>" }, "there is no .mjml file in it"],
])("a folder of %j is refused", async (files, reason) => {
  await using own = await withFolder(files);
  expect(createOwnTemplates(readFolder)({ JOBS_EMAIL_TEMPLATES: own.folder })).rejects.toThrow(reason);
});

test("a folder that is not there is named", async () => {
  expect(createOwnTemplates(readFolder)({ JOBS_EMAIL_TEMPLATES: "no/such" })).rejects.toThrow(
    "Cannot read the templates of JOBS_EMAIL_TEMPLATES (no/such): check the folder",
  );
});
