import { expect, test } from "bun:test";
import { readCallbackToken, signCallbackToken } from "./callback-token.ts";

const lease = { jobId: "7", leaseToken: "0f8fad5b-d9cb-469f-a165-70867728950e" };
const token = signCallbackToken(lease, "new key");

test("a signed token gives its lease back", () => {
  expect(readCallbackToken("7", token, ["new key"])).toEqual(lease);
});

test("a token of the key before is still good while that key is listed", () => {
  expect(readCallbackToken("7", signCallbackToken(lease, "old key"), ["new key", "old key"])).toEqual(lease);
  expect(readCallbackToken("7", signCallbackToken(lease, "old key"), ["new key"])).toBeNull();
});

test.each([
  ["another job", "8", token],
  ["an unsigned token", "7", lease.leaseToken],
  ["an empty token", "7", ""],
  ["a changed signature", "7", `${token.slice(0, -2)}xx`],
  ["another lease under the same signature", "7", token.replace("0f8f", "1f8f")],
  ["a token with more behind it", "7", `${token}x`],
])("%s is refused", (_, jobId, given) => {
  expect(readCallbackToken(jobId, given, ["new key"])).toBeNull();
});
