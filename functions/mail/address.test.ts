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

test("a redirected mail tells its recipient", () => {
  expect(devRecipient("dev@acme.test", "Ada <ada@example.com>")).toBe("dev+ada_at_example.com@acme.test");
});

test("a log shows an address's domain alone", () => {
  expect(addressDomain("Ada <ada@example.com>")).toBe("example.com");
});
