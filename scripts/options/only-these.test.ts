import { expect, test } from "bun:test";
import { onlyThese } from "./only-these.ts";

const all = [{ name: "plain fetch" }, { name: "knative jobs" }, { name: "pg-boss, fetch" }];

test("a part of a name chooses all whose names hold it", () => {
  expect(onlyThese(all, ["fetch"]).map(({ name }) => name)).toEqual(["plain fetch", "pg-boss, fetch"]);
  expect(onlyThese(all, ["knative", "boss"])).toHaveLength(2);
  expect(onlyThese(all, undefined)).toEqual(all);
});

test("a part of no name ends the command, and tells the names", () => {
  const file = JSON.stringify(`${import.meta.dirname}/only-these.ts`);
  const program = `import { onlyThese } from ${file}; onlyThese([{ name: "plain fetch" }], ["nix"]);`;
  const run = Bun.spawnSync([process.execPath, "-e", program]);
  expect(run.exitCode).toBe(2);
  expect(run.stderr.toString()).toContain('"nix" is part of no name. There are: plain fetch.');
});
