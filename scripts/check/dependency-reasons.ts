import { z } from "zod";
import { faultAt, type SourceFile } from "./source-file.ts";

const names = z.record(z.string(), z.string()).default({});
const packageFile = z.object({ dependencies: names, devDependencies: names, optionalDependencies: names });

/** The page that says why there is each package. */
const pagePath = "docs/dependencies.md";

const chapter = /^## Packages\n[^]*?(?=^## |(?![^]))/m;
const row = /^\| ([^|]+) \|/gm;

/** Gives a fault for each package without a line in the table of docs/dependencies.md, and each line without its package. */
export function findDependencyFaults(files: readonly SourceFile[]): string[] {
  const page = files.find(({ path }) => path === pagePath);
  const text = files.find(({ path }) => path === "package.json")?.text ?? "{}";
  if (page === undefined) return [`${pagePath}:1: There is no such page.`];
  const packages = Object.values(packageFile.parse(JSON.parse(text))).flatMap(Object.keys);
  const start = page.text.search(chapter);
  const table = chapter.exec(page.text)?.[0] ?? "";
  const told = [...table.matchAll(row)]
    .flatMap(([, cell = ""]) => cell.split(",").map((name) => name.trim()))
    .filter((name) => name !== "package" && !/^-+$/.test(name));
  const fits = (name: string, entry: string) =>
    entry.endsWith("*") ? name.startsWith(entry.slice(0, -1)) : name === entry;
  return [
    ...packages
      .filter((name) => !told.some((entry) => fits(name, entry)))
      .map((name) => faultAt(page, start, `Nothing says why there is ${name}.`)),
    ...told
      .filter((entry) => !packages.some((name) => fits(name, entry)))
      .map((entry) => faultAt(page, start, `package.json has no ${entry}.`)),
  ];
}
