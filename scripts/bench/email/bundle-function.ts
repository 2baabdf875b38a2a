import { join } from "node:path";

const functions = join(import.meta.dirname, "../../../functions");

/**
 * Bundles a function into a folder as JavaScript for Bun: `main.js`, and beside it what few mails need (MJML, SMTP). What a compiled
 * program is compared with.
 *
 * @throws Error with the builder's messages.
 */
export async function bundleFunction(name: string, folder: string): Promise<string> {
  await Bun.build({
    entrypoints: [join(functions, name, "main.ts")],
    outdir: folder,
    target: "bun",
    minify: true,
    splitting: true,
  });
  return join(folder, "main.js");
}
