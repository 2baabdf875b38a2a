import { join } from "node:path";
import { z } from "zod";

const manifest = z.object({ devDependencies: z.record(z.string(), z.string()) });

/** Gives the pinned versions of peers by their names, as package.json has them. */
export async function dependencyVersions(...names: string[]): Promise<Record<string, string>> {
  const file = Bun.file(join(import.meta.dirname, "../../../package.json"));
  const { devDependencies } = manifest.parse(await file.json());
  return Object.fromEntries(names.map((name) => [name, devDependencies[name] ?? "none"]));
}
