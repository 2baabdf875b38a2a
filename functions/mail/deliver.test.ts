import { describe, expect, test } from "bun:test";
import * as z from "zod";
import { fieldOf, withMailgun } from "../testing/mailgun-server.ts";
import { withServer } from "../testing/with-server.ts";
import { mailSettings } from "./config.ts";
import { createDeliver, type Letter } from "./deliver.ts";

const letter: Letter = { to: "b@test.test", subject: "Hi", text: "Hello", tracking: false };
const signal = new AbortController().signal;

function settingsFor(baseUrl: string, more: Record<string, string> = {}) {
  const given = { MAILGUN_API_KEY: "key-test", MAILGUN_DOMAIN: "mg.test", MAILGUN_FROM: "a@mg.test" };
  return z.object(mailSettings).parse({ ...given, MAILGUN_BASE_URL: baseUrl, ...more });
}

describe("a job that is tried again", () => {
  test("has its mail sent once by one process", async () => {
    await using mailgun = withMailgun();
    const deliver = createDeliver({ fetch });
    const options = { settings: settingsFor(mailgun.url), signal, idempotencyKey: "t:1" };
    const ids = [await deliver(letter, options), await deliver(letter, options)];
    expect(ids).toEqual(["<1@mg.test>", "<1@mg.test>"]);
    expect(mailgun.sent).toHaveLength(1);
  });

  test("has its mail sent once where its tries overlap, and where the worker gave the first one up", async () => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<Response>();
    let sent = 0;
    await using server = withServer(() => {
      sent += 1;
      asked.resolve();
      return answer.promise;
    });
    const deliver = createDeliver({ fetch });
    const options = { settings: settingsFor(server.url), signal, idempotencyKey: "t:1" };
    const giveUp = new AbortController();
    const first = deliver(letter, { ...options, signal: giveUp.signal });
    await asked.promise;
    const second = deliver(letter, options);
    giveUp.abort(new Error("too late"));
    expect(first).rejects.toThrow("too late");
    await first.catch(() => {});
    answer.resolve(Response.json({ id: "<1@mg.test>" }));
    expect([await second, await deliver(letter, options)]).toEqual(["<1@mg.test>", "<1@mg.test>"]);
    expect(sent).toBe(1);
  });

  test("is not sent for a job that was given up before", async () => {
    await using mailgun = withMailgun();
    for (const isShared of [true, false]) {
      const deliver = createDeliver({ fetch, isShared });
      const options = { settings: settingsFor(mailgun.url), idempotencyKey: "t:1" };
      expect(deliver(letter, { ...options, signal: AbortSignal.abort() })).rejects.toThrow();
      await deliver(letter, { ...options, signal: AbortSignal.abort() }).catch(() => {});
    }
    expect(mailgun.sent).toEqual([]);
  });

  test("has the same Message-Id from every process", async () => {
    await using mailgun = withMailgun();
    const options = { settings: settingsFor(mailgun.url), signal, idempotencyKey: "t:1" };
    for (const deliver of [createDeliver({ fetch }), createDeliver({ fetch })])
      await deliver(letter, options);
    const [first, second] = mailgun.sent.map((form) => fieldOf(form, "h:Message-Id"));
    expect(first).toEqual([expect.stringMatching(/^<[0-9a-f]{32}@mg\.test>$/)]);
    expect(second).toEqual(first ?? []);
  });

  test("is sent again where it failed, and where it has another mail", async () => {
    await using mailgun = withMailgun();
    await using broken = withMailgun({ status: 500 });
    const deliver = createDeliver({ fetch });
    const options = { settings: settingsFor(mailgun.url), signal, idempotencyKey: "t:1" };
    expect(deliver(letter, { ...options, settings: settingsFor(broken.url) })).rejects.toThrow("HTTP 500");
    await deliver(letter, options);
    await deliver({ ...letter, text: "Another" }, options);
    expect(mailgun.sent.map((form) => fieldOf(form, "text")[0])).toEqual(["Hello", "Another"]);
  });
});

test("a letter of no job has no Message-Id of ours, and is sent each time", async () => {
  await using mailgun = withMailgun();
  const deliver = createDeliver({ fetch });
  const options = { settings: settingsFor(mailgun.url), signal, idempotencyKey: undefined };
  for (const _ of [1, 2]) await deliver(letter, options);
  expect(mailgun.sent.flatMap((form) => fieldOf(form, "h:Message-Id"))).toEqual([]);
  expect(mailgun.sent).toHaveLength(2);
});

test("tracking is off where the letter says so, and the test mode on where the setting does", async () => {
  await using mailgun = withMailgun();
  const settings = settingsFor(mailgun.url, { JOBS_MAILGUN_TEST_MODE: "true" });
  await createDeliver({ fetch })(letter, { settings, signal, idempotencyKey: undefined });
  const names = ["o:tracking", "o:tracking-clicks", "o:tracking-opens", "o:testmode"];
  expect(names.flatMap((name) => fieldOf(mailgun.sent[0], name))).toEqual(["no", "no", "no", "yes"]);
});

test.each([
  [
    { status: 429, headers: { "Retry-After": "30" } },
    { status: 429, retry: true, retryAfterSeconds: 30 },
  ],
  [{ status: 401 }, { status: 500, retry: false }],
  [
    { status: 503, headers: { "Retry-After": "5" } },
    { status: 429, retry: true, retryAfterSeconds: 5 },
  ],
  [{ status: 503 }, { status: 502, retry: true }],
  [
    { status: 500, headers: { "Retry-After": "5" } },
    { status: 502, retry: true, retryAfterSeconds: 5 },
  ],
])("Mailgun's %j becomes %j", async (fault, expected) => {
  await using mailgun = withMailgun(fault);
  const options = { settings: settingsFor(mailgun.url), signal, idempotencyKey: "t:1" };
  const failure = await createDeliver({ fetch })(letter, options).catch((thrown: unknown) => thrown);
  expect(failure).toMatchObject(expected);
});

test("while MAILGUN_DEV_EMAIL is set, no copy goes to anybody else", async () => {
  await using mailgun = withMailgun();
  const settings = settingsFor(mailgun.url, { MAILGUN_DEV_EMAIL: "dev@acme.test" });
  const copied: Letter = { ...letter, cc: ["C <c@x.test>"], bcc: ["d@x.test"] };
  await createDeliver({ fetch })(copied, { settings, signal, idempotencyKey: "t:1" });
  const recipients = ["to", "cc", "bcc"].flatMap((name) => fieldOf(mailgun.sent[0], name));
  expect(recipients).toEqual(
    ["b_at_test.test", "c_at_x.test", "d_at_x.test"].map((tag) => `dev+${tag}@acme.test`),
  );
});

test.each<[string, Partial<Letter>]>([
  ["a copy", { cc: ["c@x.test"] }],
  ["a blind copy", { bcc: ["c@x.test"] }],
  ["another place for replies", { replyTo: "r@x.test" }],
  ["an attachment", { attachments: [{ filename: "a", content: new Uint8Array([1]) }] }],
])("a mail with %s is another mail", async (_, more) => {
  await using mailgun = withMailgun();
  const deliver = createDeliver({ fetch });
  const options = { settings: settingsFor(mailgun.url), signal, idempotencyKey: "t:1" };
  for (const one of [letter, { ...letter, ...more }, { ...letter, ...more }]) await deliver(one, options);
  expect(mailgun.sent).toHaveLength(2);
});

test("SMTP where there are no sockets is refused for good, naming the setting", async () => {
  const settings = settingsFor("http://127.0.0.1:1", { EMAIL_SEND_USE_SMTP: "true" });
  const failure = await createDeliver({ fetch })(letter, { settings, signal, idempotencyKey: "t:1" }).catch(
    (thrown: unknown) => thrown,
  );
  expect(failure).toMatchObject({ retry: false, message: expect.stringContaining("EMAIL_SEND_USE_SMTP") });
});
