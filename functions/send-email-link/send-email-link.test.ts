import { describe, expect, test } from "bun:test";
import { databaseWith } from "../testing/graphql-server.ts";
import { fieldOf, type MailgunFault } from "../testing/mailgun-server.ts";
import { testDatabaseId } from "../testing/post-job.ts";
import { invite, reset, verify, withWorld } from "../testing/with-world.ts";
import { dialects } from "./graphql.ts";

const host = "https://app.acme.test";

describe("each type makes its mail", () => {
  test.each([
    [
      invite,
      "Ada Lovelace invited you to join Acme",
      `${host}/register?invite_token=t1&email=bob%40example.com&type=app`,
    ],
    [reset, "Reset your Acme password", `${host}/reset-password?role_id=u1&reset_token=r1`],
    [verify, "Confirm your email address for Acme", `${host}/verify-email?email_id=e1&verification_token=v1`],
  ])("%j", async (payload, subject, link) => {
    await using world = withWorld();
    const response = await world.post(payload);
    expect([response.status, await response.json()]).toEqual([200, { complete: true }]);

    const [mail] = world.mailgun.sent;
    const [html = "", text = ""] = [fieldOf(mail, "html")[0], fieldOf(mail, "text")[0]];
    expect(fieldOf(mail, "subject")).toEqual([subject]);
    expect(fieldOf(mail, "to")).toEqual(["bob@example.com"]);
    expect(fieldOf(mail, "from")).toEqual(['"Acme" <no-reply@mg.acme.test>']);
    expect(fieldOf(mail, "h:Reply-To")).toEqual(["support@acme.test"]);
    expect(fieldOf(mail, "o:tag")).toEqual([payload.email_type]);
    expect(html).toContain(`href="${link.replaceAll("&", "&amp;")}"`);
    expect(html).toContain(`>${link.replaceAll("&", "&amp;")}</a>`);
    expect(text.split("\r\n")).toContain(link);
    for (const part of [html, text])
      for (const shown of ["Acme Incorporated", "https://acme.test/", "support@acme.test"])
        expect(part).toContain(shown);
    expect(html).toContain('src="https://cdn.acme.test/logo.png"');
    expect(html).toContain("background:#7c3aed");
    expect(html).toContain("prefers-color-scheme: dark");
    expect(html).toContain('<html lang="en"');
    expect(html).not.toContain("{{");
    expect(html).not.toContain("fonts.googleapis");
  });
});

test.each([
  [undefined, undefined, undefined, "en"],
  [undefined, undefined, "de", "de"],
  [undefined, "fr", "de", "fr"],
  ["es-MX", "fr", "de", "es"],
  ["pt", "ar_EG", "de", "ar"],
])(
  "of locale %p in the payload, %p in the legal terms and %p in the theme, the mail is in %s",
  async (...row) => {
    const [locale, legal, theme, expected] = row;
    const database = databaseWith({
      siteThemes: { nodes: [{ theme: { primary: "#7c3aed", locale: theme } }] },
      siteModules: { nodes: [{ data: { locale: legal } }] },
    });
    await using world = withWorld({ rows: { database } });
    await world.post({ ...reset, locale });
    expect(fieldOf(world.mailgun.sent[0], "html")[0]).toContain(`<html lang="${expected}"`);
  },
);

describe("GraphQL", () => {
  test("is asked for the user by an invite alone, after the site", async () => {
    await using world = withWorld();
    for (const payload of [reset, verify, invite]) await world.post(payload);
    const operations = world.graphql.asked.map(({ operationName }) => operationName);
    expect(operations).toEqual(["GetDatabaseInfo", "GetUser"]);
  });

  test("is asked for each mail's site where JOBS_EMAIL_SITE_CACHE_SECONDS is 0", async () => {
    await using world = withWorld();
    const env = { JOBS_EMAIL_SITE_CACHE_SECONDS: "0" };
    for (const payload of [reset, verify]) await world.post(payload, { env });
    expect(world.graphql.asked).toHaveLength(2);
  });

  test("is asked once for a thousand mails", async () => {
    await using world = withWorld();
    for (let batch = 0; batch < 10; batch += 1)
      await Promise.all(Array.from({ length: 100 }, () => world.post(reset)));
    expect(world.mailgun.sent).toHaveLength(1);
    expect(world.graphql.asked).toHaveLength(1);
  });

  test.each(dialects)(
    "of the dialect %s is found out once, and asked in it by every later invite",
    async (dialect) => {
      await using world = withWorld({ dialect });
      const tries = dialects.indexOf(dialect) + 1;
      expect(await (await world.post(invite)).json()).toEqual({ complete: true });
      expect(world.graphql.asked).toHaveLength(2 * tries);
      await world.post(
        { ...invite, email: "carol@example.com" },
        { headers: { "X-Database-Id": "another" } },
      );
      expect(world.graphql.asked).toHaveLength(2 * tries + 2);
      expect(world.mailgun.sent.map((mail) => fieldOf(mail, "subject")[0])).toEqual([
        "Ada Lovelace invited you to join Acme",
        "Ada Lovelace invited you to join Acme",
      ]);
    },
  );

  test("gets every header that its server may route by", async () => {
    await using world = withWorld();
    const env = {
      GRAPHQL_HOST_HEADER: "private.localhost",
      META_GRAPHQL_HOST_HEADER: "meta.localhost",
      GRAPHQL_AUTH_TOKEN: "secret",
      GRAPHQL_API_NAME: "private",
      GRAPHQL_SCHEMATA: "app_public",
    };
    await world.post(invite, { env });
    const names = ["Host", "Authorization", "X-Meta-Schema", "X-Database-Id", "X-Api-Name", "X-Schemata"];
    expect(world.graphql.asked.map(({ headers }) => names.map((name) => headers.get(name)))).toEqual([
      ["meta.localhost", "Bearer secret", "true", null, null, null],
      ["private.localhost", "Bearer secret", null, testDatabaseId, "private", "app_public"],
    ]);
  });

  test("that knows no such sender makes an invite without a name", async () => {
    await using world = withWorld({ rows: { user: null } });
    await world.post(invite);
    expect(fieldOf(world.mailgun.sent[0], "subject")).toEqual(["You’re invited to join Acme"]);
  });

  test("that knows no such database fails the attempt, to be tried again", async () => {
    await using world = withWorld({ rows: { database: null } });
    const response = await world.post(reset);
    expect([response.status, response.headers.get("X-Job-Retry")]).toEqual([500, null]);
    expect(await response.json()).toEqual({
      error: `Site not found for database ${testDatabaseId}: there is no such database`,
    });
  });
});

describe("a payload", () => {
  test.each([
    [{}, "Missing required field: email_type"],
    [
      { email_type: "newsletter", email: "b@c.test" },
      "Invalid field: email_type: expected one of invite_email, forgot_password, email_verification",
    ],
    [{ email_type: "invite_email" }, "Missing required field: email"],
    [{ ...invite, invite_token: undefined }, "Missing required field: invite_token"],
    [{ ...invite, sender_id: "" }, "Missing required field: sender_id"],
    [{ ...reset, user_id: undefined, reset_token: undefined }, "Missing required field: user_id"],
    [{ ...reset, reset_token: null }, "Missing required field: reset_token"],
    [{ ...verify, email_id: undefined }, "Missing required field: email_id"],
    [{ ...verify, verification_token: undefined }, "Missing required field: verification_token"],
    [{ ...reset, email: "a@b.test, c@d.test" }, "Invalid field: email: expected one email address"],
    [{ ...reset, email: "a@b.test\r\nBcc: c@d.test" }, "Invalid field: email: expected one email address"],
    [
      { ...reset, reset_token: "x".repeat(5000) },
      "Invalid field: reset_token: expected at most 2000 characters",
    ],
  ])("of %j is refused for good, before anything is asked", async (payload, error) => {
    await using world = withWorld();
    const response = await world.post(payload);
    expect([response.status, response.headers.get("X-Job-Retry")]).toEqual([400, "false"]);
    expect(await response.json()).toEqual({ error });
    expect(world.graphql.asked).toEqual([]);
  });

  test("without a database id is refused for good, unless there is a default", async () => {
    await using world = withWorld();
    const headers = { "X-Database-Id": undefined };
    const response = await world.post(reset, { headers });
    expect([response.status, await response.json()]).toEqual([
      400,
      { error: "Missing X-Database-Id header or DEFAULT_DATABASE_ID" },
    ]);
    expect((await world.post(reset, { headers, env: { DEFAULT_DATABASE_ID: testDatabaseId } })).status).toBe(
      200,
    );
  });
});

describe("Mailgun", () => {
  test.each<[MailgunFault, number, string | null]>([
    [{ status: 401 }, 500, "false"],
    [{ status: 400 }, 500, "false"],
    [{ status: 429, headers: { "Retry-After": "30" } }, 429, null],
    [{ status: 500 }, 502, null],
  ])("answering %j makes HTTP %i, X-Job-Retry %p", async (fault, status, retry) => {
    await using world = withWorld({ fault });
    const response = await world.post(reset);
    expect([response.status, response.headers.get("X-Job-Retry")]).toEqual([status, retry]);
    expect(response.headers.get("Retry-After")).toBe(fault.headers?.["Retry-After"] ?? null);
  });

  test("may be told by its other key name, and every mail redirected", async () => {
    await using world = withWorld();
    const env = { MAILGUN_API_KEY: "", MAILGUN_KEY: "key-test", MAILGUN_DEV_EMAIL: "dev@acme.test" };
    await world.post(reset, { env });
    expect(fieldOf(world.mailgun.sent[0], "to")).toEqual(["dev+bob_at_example.com@acme.test"]);
  });

  test("replies go to MAILGUN_REPLY where the site has no support address", async () => {
    const siteModules = { nodes: [{ data: {} }] };
    await using world = withWorld({ rows: { database: databaseWith({ siteModules }) } });
    await world.post(reset, { env: { MAILGUN_REPLY: "help@acme.test", MAILGUN_FROM: "Us <us@acme.test>" } });
    expect(fieldOf(world.mailgun.sent[0], "h:Reply-To")).toEqual(["help@acme.test"]);
    expect(fieldOf(world.mailgun.sent[0], "from")).toEqual(["Us <us@acme.test>"]);
  });
});

test("a dry run needs no Mailgun, sends nothing, and logs no address or token", async () => {
  await using world = withWorld();
  const env = { SEND_EMAIL_LINK_DRY_RUN: "true", MAILGUN_API_KEY: "", MAILGUN_DOMAIN: "", MAILGUN_FROM: "" };
  const response = await world.post(reset, { env });
  expect(await response.json()).toEqual({ complete: true, dryRun: true });
  expect(world.mailgun.sent).toEqual([]);
  expect(JSON.parse(world.lines[0] ?? "")).toMatchObject({
    recipientDomain: "example.com",
    type: "forgot_password",
    subject: "Reset your Acme password",
    linkHost: "app.acme.test",
  });
  expect(world.lines.join()).not.toMatch(/bob|r1/);
});

describe("hostile values make a safe mail", () => {
  const hostile = `<script>alert('x')</script>"\r\nBcc: evil@x.test\r\n\0 שלום 🎉 ${"x".repeat(10_240)}`;

  test("in every name, colour and URL", async () => {
    const database = databaseWith({
      title: hostile,
      logo: { url: "javascript:alert(1)" },
      siteThemes: { nodes: [{ theme: { primary: 'red;background:url("x")' } }] },
      siteModules: {
        nodes: [
          {
            data: {
              emails: { support: hostile },
              company: { name: hostile, nick: hostile, website: "data:text/html,x" },
            },
          },
        ],
      },
    });
    await using world = withWorld({ rows: { database, user: { username: "x", displayName: hostile } } });
    expect((await world.post({ ...invite, invite_token: hostile.slice(0, 90) })).status).toBe(200);

    const [mail] = world.mailgun.sent;
    const [html = ""] = fieldOf(mail, "html");
    expect(html).not.toMatch(/<script|javascript:|data:text|<img|\0/);
    expect(html).toContain("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot; Bcc: evil@x.test שלום 🎉");
    expect(html.length).toBeLessThan(20_000);
    for (const name of ["subject", "from"]) {
      const [line = ""] = fieldOf(mail, name);
      expect(line).not.toMatch(/[\r\n\0]/);
      expect(line.length).toBeLessThan(300);
    }
    expect(fieldOf(mail, "from")[0]).toEndWith('" <no-reply@mg.acme.test>');
    expect(fieldOf(mail, "to")).toEqual(["bob@example.com"]);
  });
});
