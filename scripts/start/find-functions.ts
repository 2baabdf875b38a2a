import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Job } from "../../functions/kit/define-job.ts";

const folder = join(import.meta.dirname, "../../functions");

/** Gives every function of the repository: each folder under functions/ whose index.ts exports one. */
export async function findFunctions(): Promise<Job[]> {
  const found: Job[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name, "index.ts");
    if (!entry.isDirectory() || !(await Bun.file(path).exists())) continue;
    const exported: Record<string, unknown> = await import(path);
    found.push(...Object.values(exported).filter(isJob));
  }
  return found.sort((a, b) => a.name.localeCompare(b.name));
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
