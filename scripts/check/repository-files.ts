import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import { Glob } from "bun";
import type { SourceFile } from "./source-file.ts";

/** The repository's root folder. */
export const root = join(import.meta.dirname, "../..");

const binary = /\.(png|jpe?g|gif|webp|ico|woff2?|pdf|gz)$/;

/**
 * Gives every file of the repository that git would not ignore, in order of its path; a picture without its bytes.
 *
 * It asks no git: a clone may belong to another user, which git refuses, and an image has no git at all.
 */
export async function readRepository(folder: string = root): Promise<SourceFile[]> {
  const isIgnored = ignoreRule(await Bun.file(join(folder, ".gitignore")).text());
  const paths = await walk(folder, (path) => isIgnored(relative(folder, path)));
  const texts = paths.map(async (path) => ({
    path: relative(folder, path).replaceAll("\\", "/"),
    text: binary.test(path) ? "" : await Bun.file(path).text(),
  }));
  return (await Promise.all(texts)).sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function walk(folder: string, isIgnored: (path: string) => boolean): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = entries
    .map((entry) => ({ entry, path: join(folder, entry.name) }))
    .filter(({ entry, path }) => entry.name !== ".git" && !isIgnored(path))
    .map(async ({ entry, path }) => {
      if (entry.isDirectory()) return walk(path, isIgnored);
      return entry.isFile() ? [path] : [];
    });
  return (await Promise.all(found)).flat();
}

/** Gives whether a path is ignored, by a .gitignore of names: `name/`, `*.ext`, `!name`; the last that fits decides. */
function ignoreRule(gitignore: string): (path: string) => boolean {
  const rules = gitignore
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => ({
      ignores: !line.startsWith("!"),
      glob: new Glob(line.replace(/^!/, "").replaceAll(/^\/|\/$/g, "")),
    }));
  return (path) => {
    const name = path.split(/[/\\]/).at(-1) ?? "";
    return rules.findLast(({ glob }) => glob.match(name) || glob.match(path))?.ignores ?? false;
  };
}
