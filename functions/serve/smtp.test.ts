import { expect, test } from "bun:test";
import type { Mail } from "../mail/mail.ts";
import { withSmtp } from "../testing/smtp-server.ts";
import { sendBySmtp } from "./smtp.ts";

const { signal } = new AbortController();
const mail: Mail = {
  from: '"Acme" <a@mg.test>',
  to: ["b@test.test", "c@test.test"],
  subject: "שלום",
  html: "<p>Hello</p>",
  text: "Hello",
  replyTo: "r@test.test",
  tags: ["forgot_password"],
  headers: { "Auto-Submitted": "auto-generated" },
  messageId: "abc@mg.test",
};

test("a mail reaches an SMTP server with both parts, its headers and its recipients", async () => {
  await using smtp = withSmtp();
  expect(await sendBySmtp(mail, smtp.url, signal)).toEqual({ data: { id: "<abc@mg.test>" }, error: null });
  const [{ recipients, source } = { recipients: [], source: "" }] = smtp.mails;
  expect(recipients).toEqual(["b@test.test", "c@test.test"]);
  for (const line of [
    "From: Acme <a@mg.test>",
    "Reply-To: r@test.test",
    "Message-ID: <abc@mg.test>",
    "Auto-Submitted: auto-generated",
    "X-Tag: forgot_password",
  ])
    expect(source).toContain(line);
  for (const part of ["text/plain", "text/html", "<p>Hello</p>"]) expect(source).toContain(part);
});

test.each([
  ["550 no such b@test.test", "refused", 550],
  ["451 later", "server_error", 451],
])("a server that says %s makes %s", async (refusal, name, statusCode) => {
  await using smtp = withSmtp(refusal);
  const { error } = await sendBySmtp(mail, smtp.url, signal);
  expect(error).toMatchObject({ name, statusCode });
  expect(error?.message).not.toContain("@");
});

test("a server that is not there, a given-up job and a hostile subject send nothing", async () => {
  await using smtp = withSmtp();
  expect((await sendBySmtp(mail, "smtp://127.0.0.1:1", signal)).error?.name).toBe("not_reached");
  expect((await sendBySmtp(mail, smtp.url, AbortSignal.abort())).error?.name).toBe("not_reached");
  const hostile = { ...mail, subject: "Hi\r\nBcc: x@y.test" };
  expect((await sendBySmtp(hostile, smtp.url, signal)).error?.name).toBe("invalid_mail");
  expect(smtp.mails).toEqual([]);
});
