import { expect, test } from "bun:test";
import * as z from "zod";
import { createSettingsReader, settingFaults, settingsMessage } from "./settings.ts";

const schema = z.object({
  NAME: z.string({ error: "expected a name" }),
  COUNT: z.string().regex(/^\d+$/, "expected a whole number").default("1"),
  KEY: z.string().regex(/^key-/, "expected a key").optional().meta({ secret: true }),
});

test("all faults are told at once, by name, and a secret's value is not", () => {
  const faults = settingFaults(schema, { COUNT: "many", KEY: "hunter2" });
  expect(settingsMessage(faults)).toBe(
    [
      "3 settings are wrong:",
      "  NAME is missing: expected a name",
      '  COUNT: expected a whole number (given: "many")',
      "  KEY: expected a key (value not shown)",
    ].join("\n"),
  );
});

test("the password of a URL is not told, where another setting was expected", () => {
  expect(settingFaults(schema, { NAME: "x", COUNT: "http://ada:s3cret@host" })).toEqual([
    'COUNT: expected a whole number (given: "http://…@host")',
  ]);
});

test("a setting that is set to nothing counts as not set", () => {
  expect(createSettingsReader(schema)({ NAME: " Ada ", COUNT: "", KEY: "  " })).toEqual({
    NAME: "Ada",
    COUNT: "1",
  });
});

test("a platform's number is read as text", () => {
  expect(createSettingsReader(schema)({ NAME: "Ada", COUNT: 5 })).toEqual({ NAME: "Ada", COUNT: "5" });
});

test("the same environment is parsed once", () => {
  const read = createSettingsReader(schema);
  const env = { NAME: "Ada" };
  expect(read(env)).toBe(read(env));
  expect(read({ NAME: "Bob" })).not.toBe(read(env));
});
