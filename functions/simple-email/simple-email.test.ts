import { expect, test } from "bun:test";
import { fieldOf, withMailgun } from "../testing/mailgun-server.ts";
import { postJob } from "../testing/post-job.ts";
import { createSimpleEmail } from "./index.ts";

const mail = { to: "bob@example.com", subject: "שלום 🎉", html: "<p>Hello <b>Bob</b></p>" };
const settings = (baseUrl: string) => ({
  MAILGUN_API_KEY: "key-test",
  MAILGUN_DOMAIN: "mg.acme.test",
  MAILGUN_FROM: "no-reply@mg.acme.test",
  MAILGUN_REPLY: "help@acme.test",
  MAILGUN_BASE_URL: baseUrl,
});
const fields = "to, subject, cc, bcc, html, text, from, replyTo, reply_to, attachments";
const simpleEmail = createSimpleEmail({ write: () => {} });

test("a mail of HTML is sent with a plain-text part", async () => {
  await using mailgun = withMailgun();
  const response = await postJob(simpleEmail, mail, { env: settings(mailgun.url) });
  expect([response.status, await response.json()]).toEqual([200, { complete: true }]);
  expect(mailgun.sent[0]?.fields).toEqual([
    ["from", "no-reply@mg.acme.test"],
    ["to", "bob@example.com"],
    ["subject", "שלום 🎉"],
    ["html", "<p>Hello <b>Bob</b></p>"],
    ["text", "Hello Bob"],
    ["h:Reply-To", "help@acme.test"],
    ["h:Message-Id", expect.stringMatching(/^<[0-9a-f]{32}@mg\.acme\.test>$/)],
  ]);
});

test("the payload's own parts win", async () => {
  await using mailgun = withMailgun();
  const own = {
    text: "Own\0",
    from: "Acme <a@acme.test>",
    replyTo: "r@acme.test",
    to: ["b@x.test", "C <c@x.test>"],
  };
  await postJob(simpleEmail, { ...mail, ...own }, { env: settings(mailgun.url) });
  const names = ["text", "from", "h:Reply-To", "to"];
  expect(names.map((name) => fieldOf(mailgun.sent[0], name))).toEqual([
    ["Own\0"],
    ["Acme <a@acme.test>"],
    ["r@acme.test"],
    ["b@x.test", "C <c@x.test>"],
  ]);
});

test("null and the empty text stand for parts that are not there, as SQL gives them", async () => {
  await using mailgun = withMailgun();
  const payload = { to: mail.to, subject: "Hi", text: "Hello", html: null, from: null, replyTo: "" };
  expect((await postJob(simpleEmail, payload, { env: settings(mailgun.url) })).status).toBe(200);
  expect(mailgun.sent[0]?.fields.slice(0, 5)).toEqual([
    ["from", "no-reply@mg.acme.test"],
    ["to", "bob@example.com"],
    ["subject", "Hi"],
    ["text", "Hello"],
    ["h:Reply-To", "help@acme.test"],
  ]);
});

test("a mail of text alone has no HTML part", async () => {
  await using mailgun = withMailgun();
  await postJob(simpleEmail, { ...mail, html: undefined, text: "Hi" }, { env: settings(mailgun.url) });
  expect(mailgun.sent[0]?.fields.map(([name]) => name)).toEqual([
    "from",
    "to",
    "subject",
    "text",
    "h:Reply-To",
    "h:Message-Id",
  ]);
});

test("copies, attachments and the place for replies go along, under either of their names", async () => {
  await using mailgun = withMailgun();
  const payload = {
    ...mail,
    cc: "C <c@x.test>",
    bcc: ["d@x.test", "e@x.test"],
    reply_to: "r@acme.test",
    attachments: [
      // As Postgres' encode(…, 'base64') breaks it.
      {
        filename: "a.pdf",
        content: btoa("%PDF".repeat(20)).replace(/.{76}/g, "$&\n"),
        content_type: "application/pdf",
      },
      { filename: "ü.bin", content: "", contentType: null },
    ],
  };
  const response = await postJob(simpleEmail, payload, { env: settings(mailgun.url) });
  expect([response.status, await response.json()]).toEqual([200, { complete: true }]);
  const form = mailgun.sent[0];
  expect(["cc", "bcc", "h:Reply-To"].map((name) => fieldOf(form, name))).toEqual([
    ["C <c@x.test>"],
    ["d@x.test", "e@x.test"],
    ["r@acme.test"],
  ]);
  const files = (form?.files ?? []).map(async ([, file]) => [file.name, file.type, await file.text()]);
  expect(await Promise.all(files)).toEqual([
    ["a.pdf", "application/pdf", "%PDF".repeat(20)],
    ["ü.bin", "application/octet-stream", ""],
  ]);
});

test("MAILGUN_DEV_EMAIL redirects every recipient", async () => {
  await using mailgun = withMailgun();
  const env = { ...settings(mailgun.url), MAILGUN_DEV_EMAIL: "dev@acme.test" };
  await postJob(simpleEmail, { ...mail, to: ["a@x.test", "B <b@x.test>"] }, { env });
  expect(fieldOf(mailgun.sent[0], "to")).toEqual(["dev+a_at_x.test@acme.test", "dev+b_at_x.test@acme.test"]);
});

test("a dry run needs no Mailgun and logs no address or subject", async () => {
  const lines: string[] = [];
  const job = createSimpleEmail({ write: (line) => lines.push(line) });
  const response = await postJob(job, mail, { env: { SIMPLE_EMAIL_DRY_RUN: "yes" } });
  expect(await response.json()).toEqual({ complete: true, dryRun: true });
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({ recipientDomain: "example.com", recipients: 1 });
  expect(lines.join()).not.toContain("bob");
});

test.each([
  [{ ...mail, to: undefined }, "Missing required field: to"],
  [{ ...mail, subject: "" }, "Missing required field: subject"],
  [{ ...mail, html: undefined }, "Invalid field: payload: expected html, text, or both"],
  [{ ...mail, to: 7 }, "Invalid field: to: expected one email address, or a list of them"],
  [
    { ...mail, to: "a@b.test, c@d.test" },
    "Invalid field: to: expected one email address, or a name and <address>",
  ],
  [
    { ...mail, subject: "a\r\nBcc: x@y.test" },
    "Invalid field: subject: expected one line without control characters",
  ],
  [{ ...mail, reply: "a@b.test", x: 1 }, `Unknown field: reply, x: expected no other than ${fields}`],
  [
    { ...mail, to: Array.from({ length: 1001 }, () => 7) },
    "Invalid field: to: expected at most 1000 addresses",
  ],
  [
    { ...mail, to: Array.from({ length: 999 }, (_, n) => `${n}@x.test`), cc: ["a@x.test", "b@x.test"] },
    "Invalid field: payload: expected at most 1000 recipients, copies among them",
  ],
  [
    { ...mail, bcc: "a\u200b@b.test" },
    "Invalid field: bcc: expected one email address, or a name and <address>, without letters that show nothing",
  ],
  [
    { ...mail, replyTo: "a@b.test", reply_to: "c@d.test" },
    "Invalid field: reply_to: expected the same as replyTo, or only one of the two",
  ],
  [
    { ...mail, attachments: [{ filename: "a", content: "", path: "/etc/passwd" }] },
    "Unknown field: attachments.0.path: expected no other than filename, content, contentType, content_type",
  ],
  [
    { ...mail, attachments: [{ filename: "a", content: "?" }] },
    "Invalid field: attachments.0.content: expected base64",
  ],
  [
    { ...mail, attachments: [{ filename: "../a", content: "" }] },
    "Invalid field: attachments.0.filename: expected a file's name without a path",
  ],
  [
    { ...mail, attachments: [{ filename: "a", content: "", contentType: "a\r\nb: c" }] },
    "Invalid field: attachments.0.contentType: expected a media type",
  ],
  [{ ...mail, attachments: [{ filename: "a" }] }, "Missing required field: attachments.0.content"],
  [
    { ...mail, subject: "x".repeat(990) },
    "Invalid field: subject: expected at most 989 characters, the longest line of a mail",
  ],
  [{ ...mail, from: "nobody" }, "Invalid field: from: expected one email address, or a name and <address>"],
])("payload %j is refused for good", async (payload, error) => {
  const response = await postJob(simpleEmail, payload, { env: { SIMPLE_EMAIL_DRY_RUN: "true" } });
  expect([response.status, response.headers.get("X-Job-Retry")]).toEqual([400, "false"]);
  expect(await response.json()).toEqual({ error });
});
