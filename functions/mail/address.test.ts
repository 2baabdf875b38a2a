import { expect, test } from "bun:test";
import { addressDomain, addressWithName, devRecipient, emailAddress, namedAddress } from "./address.ts";

test.each([
  ["ada@example.com", true],
  ["ada+tag@exämple.com", true],
  ["ada", false],
  ["ada@", false],
  ["a@b@c", false],
  ["a@b.test, c@d.test", false],
  ["a@b.test\r\nBcc: c@d.test", false],
  ["Ada <a@b.test>", false],
  [" ada@example.com", false],
  [`${"a".repeat(64)}@example.com`, true],
  [`${"a".repeat(65)}@example.com`, false],
  [`${"é".repeat(32)}@example.com`, true],
  [`${"é".repeat(33)}@example.com`, false],
  [`a@${"b".repeat(252)}`, true],
  [`a@${"b".repeat(253)}`, false],
  [`a@${"é".repeat(127)}`, false],
  ["a\ud800@example.com", false],
])("one address: %j is %p", (text, valid) => {
  expect(emailAddress.safeParse(text).success).toBe(valid);
});

test.each([
  ["ada@example.com", true],
  ["Ada <ada@example.com>", true],
  ['"Lovelace, Ada" <ada@example.com>', true],
  ["<ada@example.com>", true],
  ["Ada <ada@example.com>, Bob <bob@example.com>", false],
  ["Ada\r\n <ada@example.com>", false],
  ["a@b.test, Ada <ada@example.com>", false],
  ["Ada <ada>", false],
  ["ada@example.com>", false],
  [" Ada <ada@example.com> ", true],
  [" ada@example.com ", true],
  ["ada@example.com\n", false],
  ["\ufeffada@example.com", false],
  ["👩\u200d💻 <ada@example.com>", true],
  [`Ada${" ".repeat(1_000_000)}<ada@example.com>`, false],
  ["<".repeat(1_000_000), false],
])("an address with a name: %j is %p", (text, valid) => {
  expect(namedAddress.safeParse(text).success).toBe(valid);
});

test.each([
  ["Acme", '"Acme" <a@b.test>'],
  ['Acme" <evil@x.test>, "', '"Acme evil@x.test," <a@b.test>'],
  ["Acme\r\nBcc: evil@x.test", '"Acme Bcc: evil@x.test" <a@b.test>'],
  ["שלום 🎉", '"שלום 🎉" <a@b.test>'],
  ["\0", "a@b.test"],
])("display name %j gives %j", (name, expected) => {
  expect(addressWithName(name, "Old <a@b.test>")).toBe(expected);
});

// Zero-width space, non-joiner and joiner, word joiner, byte order mark, soft hyphen, marks of direction, fillers, selectors, tags.
const invisible =
  "\u200b \u200c \u200d \u2060 \ufeff \u00ad \u200e \u202e \u2066 \u061c \u180e \u034f \u115f \u3164 \uffa0 \u2800 \ufe0f \u{e0041} \u{e0100}";
test.each(invisible.split(" "))("a letter that shows nothing (%j) is refused, and said to be", (letter) => {
  for (const text of [
    `ada${letter}@example.com`,
    `${letter}ada@example.com`,
    `ada@exam${letter}ple.com`,
    `ada@example.com${letter}`,
  ]) {
    const bare = emailAddress.safeParse(text).error?.issues[0]?.message;
    expect(bare).toBe("expected one email address, without letters that show nothing");
    for (const other of [text, `Ada <${text}>`])
      expect(namedAddress.safeParse(other).error?.issues[0]?.message).toEndWith(
        "without letters that show nothing",
      );
  }
});

test.each([
  ["dev@acme.test", "Ada <ada@example.com>", "dev+ada_at_example.com@acme.test"],
  ["dev@acme.test", `${"a".repeat(64)}@example.com`, `dev+${"a".repeat(60)}@acme.test`],
  [`${"d".repeat(62)}@acme.test`, "ada@example.com", `${"d".repeat(62)}+a@acme.test`],
  [`${"d".repeat(63)}@acme.test`, "ada@example.com", `${"d".repeat(63)}@acme.test`],
  [`dev@${"b".repeat(245)}.test`, "ada@example.com", `dev@${"b".repeat(245)}.test`],
  ["dev@acme.test", "ädä@exämple.com", "dev+_d__at_ex_mple.com@acme.test"],
])("a mail redirected to %s for %s goes to %s", (dev, to, expected) => {
  expect(devRecipient(dev, to)).toBe(expected);
  expect(emailAddress.safeParse(devRecipient(dev, to)).success).toBe(true);
});

test("a log shows an address's domain alone", () => {
  expect(addressDomain("Ada <ada@example.com>")).toBe("example.com");
});
