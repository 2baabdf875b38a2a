import { describe, expect, test } from "bun:test";
import { generate } from "selfsigned";
import * as z from "zod";
import { mailSettings } from "../mail/config.ts";
import { createDeliver, type Letter } from "../mail/deliver.ts";
import type { Mail } from "../mail/mail.ts";
import { type SmtpBehaviour, withSmtp } from "../testing/smtp-server.ts";
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

/** Answers RCPT by the recipient's local part: a number is the answer. */
const byName = (line: string) => {
  const code = /^RCPT TO:<(\d{3})/.exec(line)?.[1];
  return code === undefined ? undefined : `${code} no such b@test.test`;
};

test("a mail reaches an SMTP server with both parts, its headers and its recipients", async () => {
  await using smtp = withSmtp();
  expect(await sendBySmtp(mail, { url: smtp.url, signal })).toEqual({
    data: { id: "<abc@mg.test>" },
    error: null,
  });
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

test("copies and attachments go along, and nobody sees who has a blind copy", async () => {
  await using smtp = withSmtp();
  const attachments = [
    { filename: "naïve.pdf", content: new TextEncoder().encode("%PDF"), contentType: "application/pdf" },
  ];
  const more = { cc: ["C <c@Exämple.test>"], bcc: ["d@test.test", "b@TEST.test"], attachments };
  expect(
    (await sendBySmtp({ ...mail, to: "b@test.test", ...more }, { url: smtp.url, signal })).error,
  ).toBeNull();
  const [{ recipients, source } = { recipients: [], source: "" }] = smtp.mails;
  expect(recipients).toEqual(["b@test.test", "c@xn--exmple-cua.test", "d@test.test"]);
  expect(source).toContain("Cc: C <c@xn--exmple-cua.test>");
  expect(source).not.toContain("d@test.test");
  expect(source).toContain("Content-Type: application/pdf");
  expect(source).toContain(btoa("%PDF"));
});

describe("a server's refusal", () => {
  const said = (command: RegExp, reply: string): SmtpBehaviour => ({
    answer: (line) => (command.test(line) ? reply : undefined),
    extensions: ["AUTH PLAIN LOGIN"],
  });
  test.each<[string, SmtpBehaviour, object]>([
    [
      "DATA 550",
      said(/^\.$/, "550 no b@test.test"),
      { name: "refused", statusCode: 550, message: /refused the mail/ },
    ],
    ["DATA 451", said(/^\.$/, "451 later"), { name: "server_error", statusCode: 451, message: /for now/ }],
    [
      "DATA's start 452",
      said(/^DATA/, "452 full"),
      { name: "server_error", statusCode: 452, message: /for now/ },
    ],
    ["MAIL 421", said(/^MAIL/, "421 busy"), { name: "server_error", statusCode: 421, message: /for now/ }],
    [
      "MAIL 553",
      said(/^MAIL/, "553 no a@mg.test"),
      { name: "refused", statusCode: 553, message: /refused the sender/ },
    ],
    [
      "RCPT 550",
      said(/^RCPT/, "550 no"),
      { name: "refused", statusCode: 550, message: /refused the recipients/ },
    ],
    ["RCPT 450", said(/^RCPT/, "450 grey"), { name: "server_error", statusCode: 450, message: /for now/ }],
    [
      "EHLO 421",
      said(/^(EHLO|HELO)/, "421 busy"),
      { name: "server_error", statusCode: 421, message: /for now/ },
    ],
    ["greeting 421", { greeting: "421 busy" }, { name: "server_error", statusCode: 421, message: /for now/ }],
    [
      "greeting 554",
      { greeting: "554 no" },
      { name: "refused", statusCode: 554, message: /refused the connection/ },
    ],
    ...[454, 421, 432].map((code): [string, SmtpBehaviour, object] => [
      `AUTH ${code}`,
      said(/^AUTH/, `${code} not now`),
      { name: "server_error", statusCode: code, message: /for now/ },
    ]),
    ...[535, 534, 538].map((code): [string, SmtpBehaviour, object] => [
      `AUTH ${code}`,
      said(/^AUTH/, `${code} no`),
      { name: "unauthorized", statusCode: code, message: /refused the login .* JOBS_SMTP_URL/ },
    ]),
    [
      "MAIL 530 for want of a login",
      said(/^MAIL/, "530 5.7.0 Authentication required"),
      { name: "unauthorized", statusCode: 530, message: /wants a login .*user and a password/ },
    ],
    [
      "MAIL 530 for want of TLS",
      said(/^MAIL/, "530 5.7.0 Must issue a STARTTLS command first"),
      { name: "unauthorized", statusCode: 530, message: /encrypted connection .*smtps:/ },
    ],
    [
      "what is no SMTP",
      { greeting: "HTTP/1.1 400 Bad Request" },
      { name: expect.any(String), message: /SMTP/ },
    ],
    [
      "hanging up in the data",
      said(/^\.$/, "close"),
      { name: "not_reached", statusCode: null, message: /may have been taken/ },
    ],
  ])("%s", async (_, behaviour, { message, ...expected }: { message?: RegExp }) => {
    await using smtp = withSmtp(behaviour);
    const url = smtp.url.replace("//", "//user:secret@");
    const { error } = await sendBySmtp(mail, { url, signal });
    expect(error).toMatchObject(expected);
    expect(error?.message).toMatch(message ?? /./);
    expect(error?.message).not.toMatch(/test\.test|mg\.test|secret/);
    expect(smtp.mails).toEqual([]);
  });

  test.each<[string, RegExp]>([
    ["smtp://127.0.0.1:1", /could not be reached: check JOBS_SMTP_URL/],
    ["smtp://no-such-host.invalid:25", /host cannot be found/],
  ])("nobody at %s", async (url, message) => {
    const { error } = await sendBySmtp(mail, { url, signal });
    expect(error).toMatchObject({ name: "not_reached", message: expect.stringMatching(message) });
  });

  test("a certificate of nobody's authority, and a port that is not encrypted, are named as that", async () => {
    const { private: key, cert } = await generate([{ name: "commonName", value: "127.0.0.1" }]);
    await using encrypted = withSmtp({ tls: { key, cert } });
    await using plain = withSmtp();
    const result = await sendBySmtp(mail, { url: encrypted.url, signal });
    expect(result.error?.message).toMatch(/certificate cannot be trusted: .*NODE_EXTRA_CA_CERTS/);
    const wrong = await sendBySmtp(mail, { url: plain.url.replace("smtp:", "smtps:"), signal });
    expect(wrong.error?.message).toMatch(/smtps:\/\/ in JOBS_SMTP_URL is for a port that is encrypted/);
  });

  test("a user without a password is said to be one", async () => {
    await using smtp = withSmtp({ extensions: ["AUTH PLAIN"] });
    const { error } = await sendBySmtp(mail, { url: smtp.url.replace("//", "//user@"), signal });
    expect(error).toMatchObject({
      name: "unauthorized",
      message: expect.stringContaining("without a password"),
    });
  });
});

describe("a mail that some recipients get", () => {
  test.each<[string[], object]>([
    [["550"], { name: "refused", statusCode: 550 }],
    [["451"], { name: "server_error", statusCode: 451 }],
    [["550", "451"], { name: "server_error", statusCode: 451 }],
  ])("is no mail that is sent: %j", async (codes, expected) => {
    for (const extensions of [[], ["PIPELINING"]]) {
      await using smtp = withSmtp({ answer: byName, extensions });
      const to = ["b@test.test", ...codes.map((code) => `${code}@test.test`), "c@test.test"];
      const { error } = await sendBySmtp({ ...mail, to }, { url: smtp.url, signal });
      expect(error).toMatchObject({ ...expected, reached: ["b@test.test", "c@test.test"] });
      expect(error?.message).toContain(`for 2 of ${to.length} recipients, and not for ${codes.length}`);
      expect(error?.message).not.toContain("@");
      expect(smtp.mails).toHaveLength(1);
    }
  });

  test("is sent again to the others alone, with the same headers, until they have it", async () => {
    const refused = new Set(["c@test.test", "d@test.test"]);
    const answer = (line: string) => {
      const to = /^RCPT TO:<(.*?)>/.exec(line)?.[1] ?? "";
      return refused.has(to) ? "451 grey" : undefined;
    };
    await using smtp = withSmtp({ answer });
    const settings = z
      .object(mailSettings)
      .parse({ MAILGUN_FROM: "a@mg.test", EMAIL_SEND_USE_SMTP: "true", JOBS_SMTP_URL: smtp.url });
    const deliver = createDeliver({ fetch, smtp: sendBySmtp });
    const letter: Letter = {
      to: ["B <b@test.test>", "c@test.test"],
      cc: ["d@test.test"],
      subject: "Hi",
      text: "Hello",
    };
    const options = { settings, signal, idempotencyKey: "t:1" };
    const attempt = () => deliver(letter, options).catch((thrown: unknown) => thrown);

    expect(await attempt()).toMatchObject({
      retry: true,
      message: expect.stringContaining("for 1 of 3 recipients"),
    });
    refused.delete("c@test.test");
    expect(await attempt()).toMatchObject({
      retry: true,
      message: expect.stringContaining("for 2 of 3 recipients"),
    });
    refused.clear();
    expect(await attempt()).toMatch(/^<.*@mg\.test>$/);
    expect(await attempt()).toMatch(/^<.*@mg\.test>$/);
    expect(smtp.mails.map(({ recipients }) => recipients)).toEqual([
      ["b@test.test"],
      ["c@test.test"],
      ["d@test.test"],
    ]);
    const heads = smtp.mails.map(({ source }) =>
      source
        .match(/^(To|Cc|Message-ID): .*/gm)
        ?.sort()
        .join(),
    );
    expect(heads[1]).toBe(heads[0] ?? "");
    expect(heads[2]).toBe(heads[0] ?? "");
    expect(heads[0]).toContain("To: B <b@test.test>, c@test.test");
  });

  test("is refused for good where the others never get it", async () => {
    await using smtp = withSmtp({ answer: byName });
    const settings = z
      .object(mailSettings)
      .parse({ MAILGUN_FROM: "a@mg.test", EMAIL_SEND_USE_SMTP: "true", JOBS_SMTP_URL: smtp.url });
    const letter: Letter = { to: ["b@test.test", "550@test.test"], subject: "Hi", text: "Hello" };
    const deliver = createDeliver({ fetch, smtp: sendBySmtp });
    const failure = await deliver(letter, { settings, signal, idempotencyKey: "t:1" }).catch(
      (thrown: unknown) => thrown,
    );
    expect(failure).toMatchObject({ retry: false, message: expect.stringContaining("not for 1 (550)") });
  });
});

test("a job that is given up ends its sending: the mail's data never comes to its end", async () => {
  const giveUp = new AbortController();
  await using smtp = withSmtp({
    answer: (line) => {
      if (!line.startsWith("DATA")) return undefined;
      giveUp.abort();
      return "";
    },
  });
  const { error } = await sendBySmtp(mail, { url: smtp.url, signal: giveUp.signal });
  expect(error?.message).toContain("The worker gave up");
  expect(smtp.lines.at(-1)).toBe("DATA");
  expect(smtp.mails).toEqual([]);
});

test("a reply without end is cut off", async () => {
  await using smtp = withSmtp({ greeting: `220-${"x".repeat(3_000_000)}` });
  const { error } = await sendBySmtp(mail, { url: smtp.url, signal });
  expect(error).toMatchObject({ name: "not_reached", message: expect.stringContaining("speaks no SMTP") });
});

test("a given-up job and a hostile subject send nothing", async () => {
  await using smtp = withSmtp();
  const aborted = await sendBySmtp(mail, { url: smtp.url, signal: AbortSignal.abort() });
  expect(aborted.error?.name).toBe("not_reached");
  const hostile = { ...mail, subject: "Hi\r\nBcc: x@y.test" };
  expect((await sendBySmtp(hostile, { url: smtp.url, signal })).error?.name).toBe("invalid_mail");
  expect(smtp.mails).toEqual([]);
});
