import { z } from "zod";
import { faultAt, type SourceFile } from "./source-file.ts";

const names = z.record(z.string(), z.string()).default({});
const packageFile = z.object({ dependencies: names, devDependencies: names, optionalDependencies: names });

const chapter = /^## Dependencies\n[^]*?(?=^## |(?![^]))/m;
const row = /^\| ([^|]+) \|/gm;

/** Gives a fault for each package without a line in the README's table of dependencies, and each line without its package. */
export function findDependencyFaults(files: readonly SourceFile[]): string[] {
  const readme = files.find(({ path }) => path === "README.md");
  const text = files.find(({ path }) => path === "package.json")?.text ?? "{}";
  if (readme === undefined) return [];
  const packages = Object.values(packageFile.parse(JSON.parse(text))).flatMap(Object.keys);
  const start = readme.text.search(chapter);
  const table = chapter.exec(readme.text)?.[0] ?? "";
  const told = [...table.matchAll(row)]
    .flatMap(([, cell = ""]) => cell.split(",").map((name) => name.trim()))
    .filter((name) => name !== "package" && !/^-+$/.test(name));
  const fits = (name: string, entry: string) =>
    entry.endsWith("*") ? name.startsWith(entry.slice(0, -1)) : name === entry;
  return [
    ...packages
      .filter((name) => !told.some((entry) => fits(name, entry)))
      .map((name) => faultAt(readme, start, `Dependencies does not say why there is ${name}.`)),
    ...told
      .filter((entry) => !packages.some((name) => fits(name, entry)))
      .map((entry) => faultAt(readme, start, `package.json has no ${entry}.`)),
  ];
}
