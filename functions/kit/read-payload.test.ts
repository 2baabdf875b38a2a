import { describe, expect, test } from "bun:test";
import * as z from "zod";
import { exactId } from "./exact-id.ts";
import { readExactJson } from "./exact-json.ts";
import { JobError } from "./job-error.ts";
import { parsePayload } from "./read-payload.ts";

const anything = z.looseObject({});

function refusalOf(read: () => unknown): JobError {
  try {
    read();
  } catch (thrown) {
    if (thrown instanceof JobError) return thrown;
    throw thrown;
  }
  throw new Error("Nothing was refused.");
}

describe("no number of a payload is rounded", () => {
  test.each<[source: string, value: unknown]>([
    ["1", 1],
    ["-0", -0],
    ["9007199254740991", 9007199254740991],
    ["9007199254740992", 9007199254740992],
    ["9007199254740993", 9007199254740993n],
    ["-9007199254740993", -9007199254740993n],
    ["9223372036854775807", 9223372036854775807n],
    ["100000000000000000000000", 100000000000000000000000n],
    [`1${"0".repeat(400)}`, 10n ** 400n],
    ["0.1", 0.1],
    ["0.10000000000000001", 0.1],
    ["0.30000000000000004", 0.30000000000000004],
    ["1.50000000000000000000", 1.5],
    ["3.141592653589793", Math.PI],
    ["1e21", 1e21],
    ["1E+2", 100],
    ["5e-324", 5e-324],
    ["0e999999", 0],
    ["0.0000000000000000000", 0],
    ["0.33333333333333333333", "0.33333333333333333333"],
    ["12345678901234567.89", "12345678901234567.89"],
    ["1e400", "1e400"],
    ["-1e-400", "-1e-400"],
    ["9007199254740993.0", "9007199254740993.0"],
    ["9.007199254740993e15", "9.007199254740993e15"],
    ["1".repeat(1001), "1".repeat(1001)],
  ])("%s", (source, value) => {
    expect(parsePayload(`{"n": ${source}, "s": "${source}"}`, anything)).toEqual({ n: value, s: source });
  });

  test("wherever it stands, and no text is taken for one", () => {
    const text = `{"a":[[9007199254740993,"9007199254740993"],{"b\\"9":-9007199254740993}],"\\\\":"\\\\","c":1e400,"__proto__":9007199254740993}`;
    const value = parsePayload(text, z.looseObject({ c: z.string() }));
    expect(value).toMatchObject({
      a: [[9007199254740993n, "9007199254740993"], { 'b"9': -9007199254740993n }],
      "\\": "\\",
      c: "1e400",
    });
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  test.each([
    '{"n": 09007199254740993}',
    '{"n": 9007199254740993.}',
    '{"n": 90071992547409931e}',
    '{"n": -}',
    '{"n": 9007199254740993 9007199254740993}',
    "{9007199254740993: 1}",
    '{"n": 9007199254740993',
    '{"n": "9007199254740993',
    '{"n": 9007199254740993"x"}',
  ])("what is no JSON stays none: %s", (text) => {
    expect(refusalOf(() => parsePayload(text, anything)).message).toBe("The payload is not JSON");
  });

  test("a function that wants a number refuses one that would be rounded, in words and without its value", () => {
    const schema = z.object({ id: z.number(), at: z.object({ x: z.number("a number") }).optional() });
    for (const [text, field] of [
      ['{"id": 9007199254740993}', "id"],
      ['{"id": 0.33333333333333333333}', "id"],
      ['{"id": 1, "at": {"x": 12345678901234567890}}', "at.x"],
    ] as const) {
      const { message, retry, status } = refusalOf(() => parsePayload(text, schema));
      expect([retry, status]).toEqual([false, 400]);
      expect(message).toStartWith(`Invalid field: ${field}: a JavaScript number would round this one`);
      expect(message).not.toMatch(/\d{5}/);
    }
    expect(parsePayload('{"id": 9007199254740991}', schema)).toEqual({ id: 9007199254740991 });
  });

  test("a function that wants a bigint gets every whole number as one, small ones too", () => {
    const schema = z.object({
      id: z.bigint(),
      ids: z.array(z.int64()),
      either: z.union([z.null(), z.bigint()]),
      deep: z.object({ id: z.bigint().refine((id) => id > 0n) }).optional(),
      staged: z.object({ a: z.unknown() }).pipe(z.object({ a: z.bigint() })),
    });
    const text = `{"id": 1, "ids": [2, 9223372036854775807], "either": 3, "deep": {"id": 4}, "staged": {"a": 5}}`;
    expect(parsePayload(text, schema)).toEqual({
      id: 1n,
      ids: [2n, 9223372036854775807n],
      either: 3n,
      deep: { id: 4n },
      staged: { a: 5n },
    });
    expect(refusalOf(() => parsePayload('{"id": 1.5}', z.object({ id: z.bigint() }))).message).toStartWith(
      "Invalid field: id:",
    );
    expect(parsePayload('{"id": 5}', z.object({ id: z.union([z.number(), z.bigint()]) }))).toEqual({ id: 5 });
  });

  test("an id is its digits, whichever way it comes", () => {
    const schema = z.object({ id: exactId() });
    for (const [source, id] of [
      ["1", "1"],
      ['"1"', "1"],
      ["-7", "-7"],
      ["9007199254740993", "9007199254740993"],
      ["1000000000000000000000", "1000000000000000000000"],
      ["1e21", "1000000000000000000000"],
      ['"00000000-0000-4000-8000-000000000001"', "00000000-0000-4000-8000-000000000001"],
    ] as const)
      expect(parsePayload(`{"id": ${source}}`, schema)).toEqual({ id });
    for (const source of ["1.5", "true", "{}", "[1]"])
      expect(refusalOf(() => parsePayload(`{"id": ${source}}`, schema)).message).toBe(
        "Invalid field: id: expected a text or a whole number",
      );
  });
});

describe("what a payload makes a function do is bounded", () => {
  test("nesting", () => {
    const nested = (depth: number) => `{"a":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
    expect(readExactJson(nested(1000))).toHaveProperty("value");
    for (const depth of [1001, 500_000])
      expect(refusalOf(() => parsePayload(nested(depth), anything)).message).toBe(
        "The payload is nested more than 1,000 deep",
      );
    expect(readExactJson(`{"a":"${"[".repeat(5000)}"}`)).toHaveProperty("value");
    expect(readExactJson(`{"a":[${"[],".repeat(5000)}1]}`)).toHaveProperty("value");
  });

  test("the faults and names that a message tells", () => {
    const text = JSON.stringify({ list: Array.from({ length: 5000 }, () => 7) });
    const { message } = refusalOf(() => parsePayload(text, z.object({ list: z.array(z.string("a text")) })));
    expect(message.match(/Invalid field/g)).toHaveLength(10);
    expect(message).toEndWith("; and 4990 more");

    const names = Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`${n}${"x".repeat(500)}`, 1]));
    const strict = refusalOf(() => parsePayload(JSON.stringify(names), z.strictObject({}))).message;
    expect(strict).toStartWith("Unknown field: 0xxx");
    expect(strict).toEndWith("and 4995 more");
    expect(strict.length).toBeLessThan(400);
  });
});
