import { expect, test } from "bun:test";
import { printRows } from "./print-rows.ts";

test("rows as JSON hold no character that could steer the terminal, and say the same", () => {
  const row = { task: "paint\u009b2J", lastError: "\u001b[2J\u202eno\u007f" };
  const lines: string[] = [];
  const terminal = {
    env: {},
    print: (line: string) => void lines.push(line),
    note: () => {},
    readInput: async () => new Uint8Array(),
    width: null,
  };
  printRows(terminal, [row], { json: true });
  expect(lines.join("\n")).toMatch(/^[\x20-\x7e]+$/);
  expect(JSON.parse(lines.join("\n"))).toEqual(row);
});
