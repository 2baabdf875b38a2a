import { expect, test } from "bun:test";
import { readInviter } from "./inviter.ts";

test.each([
  ["Ada Lovelace", "ada", "Ada Lovelace"],
  ["Dr. J.R. O'Neill, Jr.", "x", "Dr. J.R. O'Neill, Jr."],
  ["יעל כהן", "x", "יעל כהן"],
  ["You won: https://evil.example/claim - Bob", "bob", "bob"],
  ["Claim at evil.example", "bob", "bob"],
  ["WWW.evil", "bob@evil.example", undefined],
  [null, "ada", "ada"],
  [" ", null, undefined],
])("an inviter called %j, user %j, is named %j", (displayName, username, expected) => {
  expect(readInviter({ user: { displayName, username } })).toBe(expected);
});
