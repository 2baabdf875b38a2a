import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

const readme = await readFile(join(import.meta.dirname, "../../README.md"), "utf8");
const chapter = readme.split("\n## ").find((text) => text.startsWith("What is promised?")) ?? "";

/** Settings and their defaults, as tables of a text have them. */
const defaults = (text: string) =>
  [...text.matchAll(/^\| `([A-Z_]+)` \| `?([^|`]*)`? \|/gm)].map(([, name = "", value = ""]) => ({
    name,
    value,
  }));

test("the chapter on delivery gives each setting the default that the code has", () => {
  const listed = defaults(readme.split("<!-- settings:begin -->")[1] ?? "");
  const told = defaults(chapter);
  expect(told.length).toBeGreaterThan(5);
  for (const setting of told) expect(listed).toContainEqual(setting);
});

test("each setting that the chapter on delivery names is one", () => {
  const names = new Set([...chapter.matchAll(/`(JOBS_[A-Z_]+)`/g)].map(([, name]) => name));
  const listed = new Set(defaults(readme.split("<!-- settings:begin -->")[1] ?? "").map(({ name }) => name));
  expect([...names].filter((name) => !listed.has(name ?? ""))).toEqual([]);
});
