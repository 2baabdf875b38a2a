import { expect, test } from "bun:test";
import { readNumber, readNumbers } from "./read-numbers.ts";

test("numbers are read as they are written", () => {
  expect(readNumber("--rounds", "3")).toBe(3);
  expect(readNumbers("--per-day", "1e6,0.5,0")).toEqual([1e6, 0.5, 0]);
});

test.each(["x", "", "-1", "1,,2", "Infinity", "0x10"])("%j is no number, and ends the command", (text) => {
  const file = JSON.stringify(`${import.meta.dirname}/read-numbers.ts`);
  const program = `import { readNumbers } from ${file}; readNumbers("--rounds", ${JSON.stringify(text)});`;
  const run = Bun.spawnSync([process.execPath, "-e", program]);
  expect(run.exitCode).toBe(2);
  expect(run.stderr.toString()).toContain("Cannot read --rounds");
});
