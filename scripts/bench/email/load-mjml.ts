import { join } from "node:path";

type Mjml = (source: string, options: object) => unknown;

const folder = join(import.meta.dirname, "mjml");

/** Gives the `mjml` package, installed by its own lock file where it is not there; undefined where that cannot be. */
export async function loadMjml(): Promise<Mjml | undefined> {
  const command = [process.execPath, "install", "--frozen-lockfile", "--ignore-scripts"];
  const install = Bun.spawn(command, { cwd: folder, stdout: "ignore", stderr: "ignore" });
  if ((await install.exited) !== 0) {
    console.error("mjml is left out: its packages cannot be installed here.");
    return undefined;
  }
  const module: { readonly default: Mjml } = await import(join(folder, "node_modules/mjml/lib/index.js"));
  return module.default;
}
