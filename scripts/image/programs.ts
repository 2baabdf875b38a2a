import { join } from "node:path";
import { Glob } from "bun";
import type { ProgramSource } from "./compile-program.ts";

const root = join(import.meta.dirname, "../..");

const services: readonly ProgramSource[] = [
  { name: "job-service", main: "scripts/image/job-service.ts", files: "db/**/*.{sql,json}" },
  { name: "local-stack", main: "scripts/image/local-stack.ts", files: "services/admin-api/sample/*" },
];

/** Gives the name of every function, as its folder has it. */
export function functionNames(): string[] {
  const found = [...new Glob("functions/*/worker.ts").scanSync(root)];
  return found.map((path) => path.split(/[/\\]/)[1] ?? "").sort();
}

/**
 * Gives what the image of this name runs: `job-service`, `local-stack`, or a function. A function's program is called `function`,
 * since one Dockerfile serves them all.
 *
 * @throws Error that lists the names there are.
 */
export function programOf(name: string): ProgramSource {
  const functions = functionNames();
  if (functions.includes(name)) return { name: "function", main: `functions/${name}/main.ts` };
  const found = services.find((service) => service.name === name);
  if (found !== undefined) return found;
  const names = [...services.map((service) => service.name), ...functions].join(", ");
  throw new Error(`Cannot build ${JSON.stringify(name)}: there is no such program. Use one of: ${names}.`);
}
