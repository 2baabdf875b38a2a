import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const marker = join(root, "node_modules", ".installed");

/**
 * Installs the packages of the lock file where they are missing or others, and then runs this program anew: a process
 * that began without node_modules does not find them afterwards. Gives back only when nothing was missing.
 *
 * Imports nothing but Bun's own, as it runs on a fresh clone. Exits with 1 and the installer's output when that fails.
 */
export async function installMissing(): Promise<void> {
  const wanted = Bun.hash(await Bun.file(join(root, "bun.lock")).text()).toString(36);
  const installed = Bun.file(marker);
  if ((await installed.exists()) && (await installed.text()) === wanted) return;

  console.log("Installing packages …");
  const child = Bun.spawn([process.execPath, "install", "--frozen-lockfile"], {
    cwd: root,
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  if ((await child.exited) !== 0) {
    console.error(`Cannot install the packages of bun.lock.\n${out}${err}`);
    process.exit(1);
  }
  await Bun.write(installed, wanted);
  process.exit(await runAnew());
}

/** Its own process group, so that Ctrl-C in a terminal reaches it once, through us. */
async function runAnew(): Promise<number> {
  const child = Bun.spawn([process.execPath, ...process.argv.slice(1)], {
    stdio: ["inherit", "inherit", "inherit"],
    detached: true,
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  return child.exited;
}
