import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const compiler = join(import.meta.dirname, "../../node_modules/typescript/bin/tsc");
const unknownName = /error TS\d+: Cannot find (?:name|module) '([^']+)'/g;

/**
 * Gives what a built module asks for that no Web worker has: names that neither it nor the platform declares, and modules that it
 * imports. The TypeScript compiler resolves every name, so that one in a string or of the module's own is no false alarm; nor is a
 * property of globalThis, by which packages (graphql) ask whether a platform has something.
 */
export async function foreignNames(code: string): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), "foreign-names-"));
  const file = join(folder, "module.js");
  await Bun.write(file, code);
  const options = "--noEmit --allowJs --checkJs --target ESNext --module ESNext --lib ESNext,WebWorker";
  const check = Bun.spawn(
    [process.execPath, compiler, ...options.split(" "), "--moduleResolution", "bundler", file],
    { cwd: folder, stdout: "pipe", stderr: "inherit" },
  );
  const said = await new Response(check.stdout).text();
  await check.exited;
  await rm(folder, { recursive: true });
  return [...new Set([...said.matchAll(unknownName)].map(([, name = ""]) => name))];
}
