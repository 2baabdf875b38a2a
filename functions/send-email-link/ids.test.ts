import { describe, expect, test } from "bun:test";
import { fieldOf } from "../testing/mailgun-server.ts";
import { invite, reset, verify, withWorld } from "../testing/with-world.ts";
import { dialects } from "./graphql.ts";

// As SQL writes them: what JSON.stringify makes of a number is too late to be exact.
const withId = (payload: object, field: string, source: string) =>
  JSON.stringify({ ...payload, [field]: "ID" }).replace('"ID"', source);

test.each([
  ["1", "1"],
  ["9007199254740993", "9007199254740993"],
  ["-9223372036854775808", "-9223372036854775808"],
  ['"9007199254740993"', "9007199254740993"],
])("an id of %s is in the link as %s", async (source, id) => {
  await using world = withWorld();
  for (const [payload, field] of [
    [reset, "user_id"],
    [verify, "email_id"],
  ] as const)
    expect((await world.post(withId(payload, field, source))).status).toBe(200);
  const texts = world.mailgun.sent.map((mail) => fieldOf(mail, "text")[0]);
  expect(texts[0]).toContain(`?role_id=${id}&reset_token=r1`);
  expect(texts[1]).toContain(`?email_id=${id}&verification_token=v1`);
});

test.each(["1.5", "true", "[1]", "{}"])("an id of %s is refused for good", async (source) => {
  await using world = withWorld();
  const response = await world.post(withId(reset, "user_id", source));
  expect([response.status, response.headers.get("X-Job-Retry"), await response.json()]).toEqual([
    400,
    "false",
    { error: "Invalid field: user_id: expected a text or a whole number" },
  ]);
});

describe.each(dialects)("a server of the dialect %s whose users have whole numbers for ids", (dialect) => {
  test.each([
    ["1", "Int", 1],
    ["1", "BigInt", "1"],
    ["2147483648", "BigInt", "2147483648"],
    ["9007199254740993", "BigInt", "9007199254740993"],
  ] as const)("is asked for %s as %s, and the second time at once", async (source, type, asked) => {
    await using world = withWorld({ dialect, userIds: type });
    for (const token of ["t1", "t2"]) {
      const payload = withId({ ...invite, invite_token: token }, "sender_id", source);
      expect((await world.post(payload)).status).toBe(200);
    }
    const subjects = world.mailgun.sent.map((mail) => fieldOf(mail, "subject")[0]);
    expect(subjects).toEqual(Array.from({ length: 2 }, () => "Ada Lovelace invited you to join Acme"));
    const questions = world.graphql.asked.filter(({ operationName }) => operationName === "GetUser");
    expect(questions.at(-1)).toMatchObject({ variables: { userId: asked } });
    expect(questions.at(-2)?.variables).toEqual({ userId: asked });
  });
});
