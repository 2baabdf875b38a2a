import { expect, test } from "bun:test";
import { databaseWith } from "../testing/graphql-server.ts";
import { fieldOf } from "../testing/mailgun-server.ts";
import { invite, withWorld } from "../testing/with-world.ts";

// Unicode's own rule (UAX #9, P2): the direction of a line is that of its first letter outside of isolates.
const firstStrong = (line: string) =>
  /[\p{Script=Hebrew}\p{Script=Arabic}]/u.test(
    line.replace(/\u2068[^\u2069]*\u2069/g, "").match(/\p{L}/u)?.[0] ?? "",
  )
    ? "rtl"
    : "ltr";

test.each([
  ["en", "שלום (2)", "שלום", "ltr"],
  ["fr", "مرحبا 7", "Acme", "ltr"],
  ["de", "Ada", "𞤀𞤣𞤤𞤢𞤥", "ltr"],
  ["ar", "Ada 2.0", "Acme", "rtl"],
  ["ar", "שלום", "שלום", "rtl"],
])("in %s, no name turns the line round: %s of %s", async (...row) => {
  const [locale, inviter, title, dir] = row;
  const rows = { user: { username: "x", displayName: inviter }, database: databaseWith({ title }) };
  await using world = withWorld({ rows });
  await world.post({ ...invite, locale });
  const [mail] = world.mailgun.sent;
  const [subject = ""] = fieldOf(mail, "subject");
  const [intro = ""] = (fieldOf(mail, "text")[0] ?? "")
    .split("\r\n")
    .filter((line) => line.includes(inviter));
  for (const line of [subject, intro]) {
    expect(line).toContain(inviter);
    expect(firstStrong(line)).toBe(dir as "ltr");
    expect(line.match(/\u2068/g)?.length ?? 0).toBe(line.match(/\u2069/g)?.length ?? 0);
  }
});

test("a name of left-to-right letters stands bare in such a text", async () => {
  await using world = withWorld();
  await world.post(invite);
  expect(fieldOf(world.mailgun.sent[0], "subject")[0]).toBe("Ada Lovelace invited you to join Acme");
});

test("a name that shows nothing is none", async () => {
  const user = { username: "ada", displayName: "\u200b\u3164 \u2800" };
  await using world = withWorld({ rows: { user } });
  await world.post(invite);
  expect(fieldOf(world.mailgun.sent[0], "subject")[0]).toBe("ada invited you to join Acme");
});
