import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "./repository-files.ts";

/** A program of node_modules that checks the repository: what to run, and its words. */
export type Program = { readonly name: string; readonly file: string; readonly args: readonly string[] };

const biome = "@biomejs/biome/bin/biome";
const tsc = "typescript/lib/tsc.js";

/** The programs of the gate. Each runs under this Bun, so that nothing has to be on PATH. */
export const programs: readonly Program[] = [
  { name: "format (biome)", file: biome, args: ["ci", "--colors=off"] },
  { name: "lint (oxlint)", file: "oxlint/dist/cli.js", args: ["--type-aware"] },
  { name: "types", file: tsc, args: ["-p", "."] },
  { name: "types of the functions, with Web APIs alone", file: tsc, args: ["-p", "functions"] },
  { name: "unused code (knip)", file: "knip/dist/cli.js", args: ["--no-progress"] },
];

/** Runs a program in the repository's root, and gives what it printed if it failed, or else undefined. */
export async function runProgram({ file, args }: Program): Promise<string | undefined> {
  const child = Bun.spawn([process.execPath, join(root, "node_modules", file), ...args], {
    cwd: root,
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, ...tsgolintPath() },
    stdout: "pipe",
    stderr: "pipe",
  });
  const output = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return (await child.exited) === 0 ? undefined : output.join("").trim();
}

/** oxlint starts tsgolint by a script for Node, which may be absent; this names the binary itself. */
function tsgolintPath(): Record<string, string> {
  const suffix = process.platform === "win32" ? ".exe" : "";
  const path = `node_modules/@oxlint-tsgolint/${process.platform}-${process.arch}/tsgolint${suffix}`;
  return existsSync(join(root, path)) ? { OXLINT_TSGOLINT_PATH: join(root, path) } : {};
}
