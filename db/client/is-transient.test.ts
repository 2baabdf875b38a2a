import { expect, test } from "bun:test";
import { isTransient } from "./is-transient.ts";

const coded = (code: string) => Object.assign(new Error(code), { code });

test.each([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "CONNECTION_CLOSED",
  "CONNECT_TIMEOUT",
  "57P01",
  "57P03",
  "53300",
  "40001",
  "40P01",
  "08006",
  "55P03",
  "25006",
  "CONNECTION_SILENT",
  "CONNECTION_BUSY",
])("%s is worth another try", (code) => expect(isTransient(coded(code))).toBe(true));

test.each(["28P01", "42P01", "23505", "22021", "3D000"])("%s stays what it is", (code) => {
  expect(isTransient(coded(code))).toBe(false);
});

test("an error of our own code is not transient", () => {
  expect(isTransient(new TypeError("x is undefined"))).toBe(false);
});
