import { join } from "node:path";
import { type Program, runCommand } from "./run-program.ts";

const root = join(import.meta.dirname, "../../..");

/** The Node that is installed here, or null: what its users run a peer with. */
export const node = Bun.which("node");

/** Gives Node's version, or "none". */
export function nodeVersion(): string {
  return node === null ? "none" : Bun.spawnSync([node, "--version"]).stdout.toString().trim();
}

/**
 * Runs a program of this repository under Node, which may be too old to read TypeScript: it is bundled first, without its
 * packages. The bundle lies under node_modules, where Node finds those, and git does not look.
 *
 * @throws where Node is not installed; ask `node` first.
 */
export async function runUnderNode(
  program: string,
  env: Readonly<Record<string, string>>,
  words: readonly string[],
): Promise<Program> {
  if (node === null) throw new Error(`Cannot run ${program}: Node is not installed.`);
  const built = await Bun.build({
    entrypoints: [join(root, program)],
    outdir: join(root, "node_modules/.cache/bench"),
    naming: "[name].mjs",
    target: "node",
    packages: "external",
  });
  const [bundle] = built.outputs;
  if (bundle === undefined) throw new Error(`Cannot run ${program}: it does not bundle.`);
  return runCommand([node, bundle.path, ...words], env);
}
