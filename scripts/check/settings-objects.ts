import { join } from "node:path";
import { z } from "zod";
import { root } from "./repository-files.ts";
import type { SourceFile } from "./source-file.ts";

/** All settings of one part: its folder's name, and the zod object that reads them. */
export type PartSettings = {
  readonly part: string;
  readonly settings: z.ZodObject<Record<string, z.ZodType>>;
};

/** Where settings live. There is no other list of them: a new part's file is found by its place. */
const place = /^(services|functions|scripts)\/([^/]+)\/(settings|config)\.ts$/;

/** Parts whose settings come first on their page, in this order; the others follow by name. */
const first = ["job-service", "worker", "callback", "scheduler", "send-email-link", "simple-email"];

/** Gives every exported zod object of every `settings.ts` and `config.ts`, in that page's order. */
export async function findSettings(files: readonly SourceFile[]): Promise<PartSettings[]> {
  const found = files.flatMap(({ path }) => {
    const part = path.match(place)?.[2];
    return part === undefined ? [] : [{ path, part }];
  });
  const rank = (part: string) => (first.indexOf(part) + first.length + 1) % (first.length + 1);
  found.sort((a, b) => rank(a.part) - rank(b.part) || (a.path < b.path ? -1 : 1));
  const parts = found.map(async ({ path, part }) => {
    const module: Record<string, unknown> = await import(join(root, path));
    return Object.values(module)
      .filter((value) => value instanceof z.ZodObject)
      .map((settings): PartSettings => ({ part, settings }));
  });
  return (await Promise.all(parts)).flat();
}
