import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { assert, asyncProperty, constantFrom, oneof, property, record, string } from "fast-check";
import { fillTemplate, type Slots, type Template } from "../mail/template.ts";
import { databaseWith, withGraphql } from "../testing/graphql-server.ts";
import { fieldOf, type MailgunFault, withMailgun } from "../testing/mailgun-server.ts";
import { postJob } from "../testing/post-job.ts";
import { templatesOf } from "./compose.ts";
import { createSendEmailLink } from "./index.ts";
import { linkMailSlots } from "./slots.ts";

// Whatever stands in a payload or a row: no markup, no header and no link of its making, and no secret in a log or an error.

setDefaultTimeout(60_000);

const hostile = oneof(
  string({ unit: "binary", maxLength: 60 }),
  constantFrom(
    "<script>alert(1)</script>",
    `"><img src=x onerror=alert(1)>`,
    "' style='position:fixed",
    "</title></style><svg onload=alert(1)>",
    "--><!--[if mso]>",
    "<!--<![endif]-->",
    "{{link}} {{#logoUrl}} $& $1 $`",
    "a\r\nBcc: evil@x.test\r\n\r\nbody",
    "a\u2028\u202e\u0000\ud800",
    "javascript:alert(1)",
    "JAVA\tSCRIPT:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "https://acme.test@evil.test/",
    "https://аcme.test/",
    "https://a.test/'\"><script>",
    "red;background:url(https://evil.test)",
    "#12345",
    "rgb(1,2,3)",
    "x".repeat(10_000),
    '"'.repeat(10_000),
    "[object Object]",
  ),
);

/** Elements of a mail, each with the names of its attributes and where it leads. What Outlook alone reads is read too. */
async function structureOf(html: string) {
  const elements: string[] = [];
  const addresses: string[] = [];
  const markup = html.replace(/<!--\[if mso\]>(<v:[\s\S]*?)<!\[endif\]-->/g, "$1");
  const rewriter = new HTMLRewriter().on("*", {
    element: (element) => {
      const attributes = [...element.attributes];
      elements.push([element.tagName, ...attributes.map(([name]) => name)].join(" "));
      addresses.push(...attributes.filter(([name]) => /^(href|src)$/.test(name)).map(([, value]) => value));
    },
  });
  await rewriter.transform(new Response(markup)).text();
  return { elements, addresses };
}

const names = Object.keys(linkMailSlots);
const plain = {
  ...Object.fromEntries(names.map((name) => [name, "x"])),
  link: "https://a.test/",
  logoUrl: "https://a.test/",
  websiteUrl: "https://a.test/",
  supportUrl: "a@a.test",
};
const template: Template<Slots> = templatesOf().invite_email;
const slotValues = record(Object.fromEntries(names.map((name) => [name, hostile])));

describe("a mail of hostile values", () => {
  test("has no element or attribute that one of harmless values has not, and leads to the web or to one mailbox alone", async () => {
    const harmless = new Set((await structureOf(fill(plain))).elements);
    await assert(
      asyncProperty(slotValues, async (values) => {
        const { elements, addresses } = await structureOf(fill(values));
        expect(elements.filter((element) => !harmless.has(element))).toEqual([]);
        for (const address of addresses) expect(address).toMatch(/^(https?:\/\/|mailto:[^?&\s]+$|$)/);
      }),
      { numRuns: 300 },
    );
  });

  test("has styles of the template's own alone", () => {
    const styles = (html: string) => html.replace(/#[0-9a-f]{6}/g, "").match(/<style[\s\S]*?<\/style>/g);
    assert(
      property(slotValues, (values) => {
        const filled = fill({ ...values, darkEdge: "" });
        expect(styles(filled)).toEqual(styles(fill({ ...plain, darkEdge: "" })));
      }),
    );
  });
});

function fill(values: Readonly<Record<string, string>>): string {
  return fillTemplate(template, values);
}

const rows = record({
  title: hostile,
  logo: hostile,
  domain: oneof(hostile, constantFrom("acme.test")),
  primary: hostile,
  support: hostile,
  company: hostile,
  website: hostile,
  locale: hostile,
  inviter: hostile,
  token: hostile,
});

const secret = "s3cret-token-of-a-reset";

function jobWith(graphqlUrl: string, mailgunUrl: string) {
  const lines: string[] = [];
  const job = createSendEmailLink({ write: (line) => lines.push(line) });
  const env = {
    GRAPHQL_URL: graphqlUrl,
    MAILGUN_API_KEY: "key-test",
    MAILGUN_DOMAIN: "mg.acme.test",
    MAILGUN_FROM: "no-reply@mg.acme.test",
    MAILGUN_BASE_URL: mailgunUrl,
  };
  return { lines, post: (payload: unknown) => postJob(job, payload, { env }) };
}

test("hostile rows and tokens make a safe mail, or a clear refusal", async () => {
  await using mailgun = withMailgun();
  let sent = 0;
  const tryOne = async ({ inviter, token, ...row }: Record<string, string>) => {
    const site = {
      title: row["title"],
      logo: { url: row["logo"] },
      domains: { nodes: [{ subdomain: null, domain: row["domain"] }] },
      siteThemes: { nodes: [{ theme: { primary: row["primary"] } }] },
      siteModules: {
        nodes: [
          {
            data: {
              locale: row["locale"],
              emails: { support: row["support"] },
              company: { name: row["company"], nick: row["company"], website: row["website"] },
            },
          },
        ],
      },
    };
    await using graphql = withGraphql("id", {
      database: databaseWith(site),
      user: { username: "x", displayName: inviter },
    });
    const { post } = jobWith(graphql.url, mailgun.url);
    const payload = {
      email_type: "invite_email",
      email: "bob@example.com",
      sender_id: "u",
      invite_token: token,
    };
    const response = await post(payload);
    const answer = await response.text();
    expect([200, 400, 500]).toContain(response.status);
    if (response.status !== 200) return expect(answer).toMatch(/"error":"(Invalid|Missing|The |Site )/);

    sent += 1;
    const mail = mailgun.sent.at(-1);
    const [html = ""] = fieldOf(mail, "html");
    expect(html.length).toBeLessThan(102_000);
    expect((await structureOf(html)).elements.join()).not.toMatch(/(^|,)(script|svg)\b|onerror|onload/);
    expect(fieldOf(mail, "to")).toEqual(["bob@example.com"]);
    for (const name of ["subject", "from", "h:Reply-To"])
      for (const line of fieldOf(mail, name)) expect(line).not.toMatch(/[\r\n\0\u202e]/);
    expect(fieldOf(mail, "from")[0]).toMatch(/(^|" <)no-reply@mg\.acme\.test>?$/);
    const known =
      /^(from|to|subject|html|text|o:[a-z-]+|h:(Reply-To|Message-Id|Auto-Submitted|X-Auto-Response-Suppress))$/;
    for (const [name] of mail?.fields ?? []) expect(name).toMatch(known);
  };
  await assert(asyncProperty(rows, tryOne), { numRuns: 150 });
  expect(sent).toBeGreaterThan(10);
});

test.each<[string, MailgunFault]>([
  [
    "repeats the mail in its refusal",
    { status: 400, body: { message: `no: ?role_id=u&reset_token=${secret}` } },
  ],
  ["repeats the mail in a fault", { status: 500, body: { message: `at ${secret}` } }],
  ["is cut short in the token", { status: 500, body: { message: `${"x".repeat(287)} ${secret}` } }],
])("no token is in a log or an error where Mailgun %s", async (_, fault) => {
  await using mailgun = withMailgun(fault);
  await using graphql = withGraphql("id", {});
  const { lines, post } = jobWith(graphql.url, mailgun.url);
  const payload = { email_type: "forgot_password", email: "b@c.test", user_id: "u", reset_token: secret };
  const answer = await (await post(payload)).text();
  expect(answer).toContain("Mailgun");
  expect(answer + lines.join()).not.toContain(secret.slice(0, 10));
});
