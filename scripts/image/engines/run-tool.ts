/**
 * Runs a program to its end and gives what it printed.
 *
 * @throws Error with its last lines, where it fails or is not there.
 */
export async function runTool(command: readonly string[]): Promise<string> {
  const child = Bun.spawn([...command], { stdout: "pipe", stderr: "pipe" });
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  if ((await child.exited) === 0) return out;
  const last = `${out}${err}`.trim().split("\n").slice(-30).join("\n");
  throw new Error(`Cannot run ${command.slice(0, 3).join(" ")}: it ended with ${child.exitCode}.\n${last}`);
}

/** Gives whether a program is there and ends well. */
export async function toolWorks(command: readonly string[]): Promise<boolean> {
  return await runTool(command).then(
    () => true,
    () => false,
  );
}
