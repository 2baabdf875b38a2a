import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { functionFiles } from "./function-files.ts";

/** Longest label of DNS: a function's name is one where each has a host of its own. */
const nameLimit = 63;

/**
 * Writes a new function into a repository, and gives the paths written.
 *
 * @throws Error for a name that is no task, or that is taken. Nothing is written then.
 */
export async function newFunction(root: string, name: string): Promise<readonly string[]> {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > nameLimit)
    throw new Error(
      `Cannot make a function named ${JSON.stringify(name)}. Use small letters, digits and dashes, as in send-report.`,
    );
  const folder = join(root, "functions", name);
  await mkdir(folder).catch((cause: unknown) => {
    throw new Error(`Cannot make functions/${name}: the folder is there. Choose another name.`, { cause });
  });
  const files = Object.entries(functionFiles(name));
  for (const [file, text] of files) await writeFile(join(folder, file), text);
  return files.map(([file]) => `functions/${name}/${file}`);
}
