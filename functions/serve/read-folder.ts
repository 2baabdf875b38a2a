import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * Gives the text of each file in a folder whose name ends so, by its name without that end.
 *
 * @throws Error of the file system, where the folder or a file cannot be read.
 */
export async function readFolder(folder: string, ending: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(ending)).sort();
  const texts = names.map(async (name) => [
    name.slice(0, -ending.length),
    await readFile(join(folder, name), "utf8"),
  ]);
  return Object.fromEntries(await Promise.all(texts));
}
