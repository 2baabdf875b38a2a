import { cp, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { compileProgram } from "../../image/compile-program.ts";
import { functionEnvironment } from "../../image/function-environment.ts";
import { programOf } from "../../image/programs.ts";
import { bundleFunction } from "../email/bundle-function.ts";

/** One way of putting a function into an image: how it is started, and the files that it needs there. */
export type Way = {
  readonly name: string;
  readonly command: readonly string[];
  readonly files: readonly string[];
  /** What the image's environment has, beside the function's own settings. */
  readonly env?: Readonly<Record<string, string>>;
};

const root = join(import.meta.dirname, "../../..");

/** Prepares every way in a folder, ours first. */
export async function prepareWays(task: string, folder: string): Promise<readonly Way[]> {
  const program = programOf(task);
  const compiled = await compileProgram(program, join(folder, "compiled"));
  const parsed = await compileProgram({ ...program, bytecode: false }, join(folder, "parsed"));
  const bundle = await bundleFunction(task, join(folder, "bundle"));
  const bundled = (await readdir(join(folder, "bundle"))).map((file) => join(folder, "bundle", file));
  // What an image would hold of the sources: the modules that the program is made of.
  const sources = join(folder, "sources");
  await mkdir(sources);
  for (const path of compiled.modules.filter((module) => !module.startsWith("..")))
    await cp(join(root, path), join(sources, path), { recursive: true });
  const copied = compiled.modules.map((path) => join(sources, path));
  const bun = process.execPath;
  return [
    {
      name: "compiled, bytecode, no JIT (ours)",
      command: [compiled.path],
      files: [compiled.path],
      env: functionEnvironment,
    },
    { name: "compiled, bytecode", command: [compiled.path], files: [compiled.path] },
    { name: "compiled", command: [parsed.path], files: [parsed.path] },
    { name: "bundled JavaScript under bun", command: [bun, bundle], files: [bun, ...bundled] },
    { name: "sources under bun", command: [bun, join(root, program.main)], files: [bun, ...copied] },
  ];
}
