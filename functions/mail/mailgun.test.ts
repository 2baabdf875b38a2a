import { describe, expect, test } from "bun:test";
import { fieldOf, type MailgunFault, withMailgun } from "../testing/mailgun-server.ts";
import { withServer } from "../testing/with-server.ts";
import type { Mail } from "./mail.ts";
import { createMailgun } from "./mailgun.ts";

const mail: Mail = { from: "a@mg.test", to: "b@test.test", subject: "Hi", text: "Hello" };

/** As Mailgun writes it: Mon, 25 Aug 2025 07:00:31 UTC. */
const inAnHour = new Date(Date.now() + 3_600_000).toUTCString().replace("GMT", "UTC");

function client(baseUrl: string, apiKey = "key-test") {
  return createMailgun({ apiKey, domain: "mg.test", baseUrl }).emails;
}

test("a mail reaches Mailgun with every part in its field", async () => {
  await using mailgun = withMailgun();
  const result = await client(`${mailgun.url}/`).send({
    from: '"Acme" <a@mg.test>',
    to: ["b@test.test", "c@test.test"],
    subject: "שלום 🎉",
    html: "<p>Hello</p>",
    text: "Hello",
    replyTo: "r@test.test",
    tags: ["one", "two"],
    headers: { "X-Thing": "1" },
  });
  expect(result).toEqual({ data: { id: "<1@mg.test>" }, error: null });
  expect(mailgun.sent[0]).toEqual({
    domain: "mg.test",
    authorization: `Basic ${btoa("api:key-test")}`,
    fields: [
      ["from", '"Acme" <a@mg.test>'],
      ["to", "b@test.test"],
      ["to", "c@test.test"],
      ["subject", "שלום 🎉"],
      ["html", "<p>Hello</p>"],
      ["text", "Hello"],
      ["h:Reply-To", "r@test.test"],
      ["o:tag", "one"],
      ["o:tag", "two"],
      ["h:X-Thing", "1"],
    ],
    files: [],
  });
});

test("copies and attachments are in fields of their own, byte for byte", async () => {
  await using mailgun = withMailgun();
  const content = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const attachments = [
    { filename: "naïve 1.bin", content },
    { filename: "b.txt", content: new TextEncoder().encode("x\ny"), contentType: "text/plain" },
  ];
  await client(mailgun.url).send({ ...mail, cc: ["c@x.test", "d@x.test"], bcc: ["e@x.test"], attachments });
  expect(fieldOf(mailgun.sent[0], "cc")).toEqual(["c@x.test", "d@x.test"]);
  expect(fieldOf(mailgun.sent[0], "bcc")).toEqual(["e@x.test"]);
  const files = mailgun.sent[0]?.files ?? [];
  expect(files.map(([field, { name, type }]) => [field, name, type])).toEqual([
    ["attachment", "naïve 1.bin", "application/octet-stream"],
    ["attachment", "b.txt", "text/plain;charset=utf-8"],
  ]);
  expect(await files[0]?.[1].bytes()).toEqual(content);
  expect(await files[1]?.[1].text()).toBe("x\ny");
});

test("so much of an answer is read, and no more", async () => {
  let sent = 0;
  await using server = withServer(() => {
    const pull = (controller: ReadableStreamDefaultController) => {
      sent += 1;
      controller.enqueue(new Uint8Array(16 * 1024).fill(0x20));
    };
    return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
  });
  expect(await client(server.url).send(mail)).toEqual({ data: { id: "" }, error: null });
  // 64 KiB, and what buffers on the way hold.
  expect(sent).toBeLessThan(1000);
});

test("a mail of text alone has no HTML field", async () => {
  await using mailgun = withMailgun();
  await client(mailgun.url).send(mail);
  expect(fieldOf(mailgun.sent[0], "html")).toEqual([]);
});

describe("an error names its remedy", () => {
  test("a wrong key names the settings to check, the region's too", async () => {
    await using mailgun = withMailgun();
    const { error } = await client(mailgun.url, "wrong").send(mail);
    expect(error).toMatchObject({ name: "unauthorized", statusCode: 401 });
    for (const setting of ["MAILGUN_API_KEY", "MAILGUN_DOMAIN", "MAILGUN_BASE_URL"])
      expect(error?.message).toContain(setting);
  });

  test.each<[MailgunFault, object]>([
    [
      { status: 400, body: { message: "to parameter is not a valid address: b@test.test" } },
      {
        name: "refused",
        message: "Mailgun refused the mail (HTTP 400): to parameter is not a valid address: (address)",
      },
    ],
    [{ status: 404, body: { message: "Domain not found: mg.test" } }, { name: "refused" }],
    [
      { status: 429, headers: { "Retry-After": "42" } },
      { name: "rate_limited", retryAfterSeconds: 42 },
    ],
    [{ status: 429 }, { name: "rate_limited" }],
    [
      {
        status: 420,
        body: {
          message: `Domain mg.test is not allowed to send: recipient limit exceeded, try again after ${inAnHour}`,
        },
      },
      { name: "rate_limited", retryAfterSeconds: expect.any(Number) },
    ],
    [
      { status: 420, body: { message: "limit exceeded, try again after a while UTC" } },
      { name: "rate_limited" },
    ],
    [{ status: 408 }, { name: "server_error" }],
    [
      { status: 425, headers: { "Retry-After": "7" } },
      { name: "server_error", retryAfterSeconds: 7 },
    ],
    [
      { status: 403, body: { message: "Sandbox subdomains are for test purposes only." } },
      {
        name: "refused",
        message: expect.stringMatching(
          /^Mailgun does not let this domain send \(HTTP 403\): .*: Sandbox subdomains/,
        ),
      },
    ],
    [
      { status: 500, body: "<html>" },
      { name: "server_error", message: "Mailgun has a fault of its own (HTTP 500)" },
    ],
    [{ status: 503 }, { name: "server_error" }],
  ])("answer %j", async (fault, error) => {
    await using mailgun = withMailgun(fault);
    const result = await client(mailgun.url).send(mail);
    expect(result.data).toBeNull();
    expect(result.error).toMatchObject({ statusCode: fault.status, ...error });
  });

  test("the time that Mailgun names in words is the wait", async () => {
    const message = `recipient limit exceeded, try again after ${inAnHour}`;
    await using mailgun = withMailgun({ status: 420, body: { message } });
    const { error } = await client(mailgun.url).send(mail);
    expect(error?.retryAfterSeconds).toBeWithin(3000, 3601);
  });

  test("a server that is not there was not reached", async () => {
    const { error } = await client("http://127.0.0.1:1").send(mail);
    expect(error).toEqual({ name: "not_reached", message: "Mailgun could not be reached", statusCode: null });
  });

  test("a job that is given up while Mailgun is asked says that the mail may be under way", async () => {
    const giveUp = new AbortController();
    await using server = withServer(() => {
      giveUp.abort();
      return Promise.withResolvers<Response>().promise;
    });
    const { error } = await client(server.url).send(mail, giveUp.signal);
    expect(error?.message).toBe("The worker gave up before Mailgun answered; the mail may have been taken");
  });

  test("a server that never answers is given up", async () => {
    const never = Promise.withResolvers<Response>();
    await using server = withServer(() => never.promise);
    const options = { apiKey: "k", domain: "mg.test", baseUrl: server.url, timeoutMs: 10 };
    const { error } = await createMailgun(options).emails.send(mail);
    expect(error?.message).toBe("Mailgun did not answer in time; the mail may have been taken");
    never.resolve(new Response());
  });
});

test("an accepted mail is sent even where the answer has no id", async () => {
  await using server = withServer(() => new Response("ok"));
  expect(await client(server.url).send(mail)).toEqual({ data: { id: "" }, error: null });
});

test("an accepted mail is sent even where the connection is lost within the answer", async () => {
  const lost = () => {
    const start = (controller: ReadableStreamDefaultController) => controller.error(new Error("lost"));
    return Promise.resolve(new Response(new ReadableStream({ start })));
  };
  const options = { apiKey: "k", domain: "mg.test", baseUrl: "http://mailgun.test", fetch: lost };
  expect(await createMailgun(options).emails.send(mail)).toEqual({ data: { id: "" }, error: null });
});

test("a key in other letters is Mailgun's to refuse", async () => {
  await using mailgun = withMailgun();
  expect((await client(mailgun.url, "clé-🔑").send(mail)).error?.name).toBe("unauthorized");
});

test.each<[string, Partial<Mail>]>([
  ["from", { from: "a@mg.test\r\nBcc: x@test.test" }],
  ["to", { to: "b@test.test\nBcc: x@test.test" }],
  ["subject", { subject: "Hi\r\nBcc: x@test.test" }],
  ["subject", { subject: "Hi\0" }],
  ["replyTo", { replyTo: "r@test.test\r\nX: 1" }],
  ["tags", { tags: ["a\nb"] }],
  ["cc", { cc: ["b@test.test\nBcc: x@test.test"] }],
  ["bcc", { bcc: ["b@test.test\nTo: x@test.test"] }],
  ["attachments.filename", { attachments: [{ filename: "a\r\nX: 1", content: new Uint8Array() }] }],
  [
    "attachments.contentType",
    { attachments: [{ filename: "a", content: new Uint8Array(), contentType: "a/b\r\nX: 1" }] },
  ],
  ["headers.X-A", { headers: { "X-A": "1\r\nX-B: 2" } }],
])("a line break in %s is refused before anything is sent", async (field, part) => {
  await using mailgun = withMailgun();
  const { error } = await client(mailgun.url).send({ ...mail, ...part });
  expect(error).toEqual({
    name: "invalid_mail",
    statusCode: null,
    message: `Cannot send a mail with a line break or control character in ${field}`,
  });
  expect(mailgun.sent).toEqual([]);
});

test("a header's name that is none, and a mail without content, are refused", async () => {
  const emails = client("http://127.0.0.1:1");
  expect((await emails.send({ ...mail, headers: { "X: 1\r\nY": "2" } })).error?.name).toBe("invalid_mail");
  expect((await emails.send({ ...mail, text: undefined })).error?.message).toBe(
    "Cannot send a mail without html or text",
  );
});

test.each([302, 307])("no redirect (%i) is followed: the mail goes nowhere else", async (status) => {
  const reached: string[] = [];
  await using elsewhere = withServer((request) => {
    reached.push(request.method);
    return Response.json({ id: "<1@elsewhere.test>" });
  });
  await using server = withServer(() => new Response(null, { status, headers: { Location: elsewhere.url } }));
  const { data, error } = await client(server.url).send(mail);
  expect([data, reached]).toEqual([null, []]);
  expect(error?.message).toContain(String(status));
});
