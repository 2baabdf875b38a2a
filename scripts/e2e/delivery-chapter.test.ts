import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

const page = (name: string) => readFile(join(import.meta.dirname, "../../docs", name), "utf8");
const [chapter, settings] = await Promise.all([page("guarantees.md"), page("settings.md")]);

/** Settings and their defaults, as tables of a text have them. */
const defaults = (text: string) =>
  [...text.matchAll(/^\| `([A-Z_]+)` \| `?([^|`]*)`? \|/gm)].map(([, name = "", value = ""]) => ({
    name,
    value,
  }));

test("the page of guarantees gives each setting the default that the code has", () => {
  const listed = defaults(settings);
  const told = defaults(chapter);
  expect(told.length).toBeGreaterThan(5);
  for (const setting of told) expect(listed).toContainEqual(setting);
});

test("each setting that the page of guarantees names is one", () => {
  const names = new Set([...chapter.matchAll(/`(JOBS_[A-Z_]+)`/g)].map(([, name]) => name));
  const listed = new Set(defaults(settings).map(({ name }) => name));
  expect([...names].filter((name) => !listed.has(name ?? ""))).toEqual([]);
});
