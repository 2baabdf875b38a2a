import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Job } from "../../functions/kit/define-job.ts";

const folder = join(import.meta.dirname, "../../functions");

/**
 * Gives every function of the repository: each folder under functions/ whose index.ts exports one, or whose container.ts does, where
 * the function has more in a container than at the edge.
 */
export async function findFunctions(): Promise<Job[]> {
  const found: Job[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const path = await firstFile(["container.ts", "index.ts"].map((file) => join(folder, entry.name, file)));
    if (path === undefined) continue;
    const exported: Record<string, unknown> = await import(path);
    found.push(...Object.values(exported).filter(isJob));
  }
  return found.sort((a, b) => a.name.localeCompare(b.name));
}

async function firstFile(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if (await Bun.file(path).exists()) return path;
  return undefined;
}

function isJob(value: unknown): value is Job {
  return (
    typeof value === "object" &&
    value !== null &&
    "name" in value &&
    "fetch" in value &&
    "settingFaults" in value
  );
}
