import { readdirSync } from "node:fs";
import { join } from "node:path";

/** Programs of one folder, of which a command runs one. */
export type Choice = {
  readonly folder: string;
  /** What they are, as in "the bench". */
  readonly what: string;
  /** Which of them to run, and its options. */
  readonly words: readonly string[];
};

/** Runs the program of that name with these options; its end is this process's. Signals end both. */
export async function runOneOf({ folder, what, words: [name = "", ...options] }: Choice): Promise<void> {
  const names = readdirSync(folder)
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .map((file) => file.slice(0, -".ts".length))
    .sort();
  if (!names.includes(name)) {
    console.error(
      `Cannot run ${what}: there is none named ${JSON.stringify(name)}. Pass one of: ${names.join(", ")}.`,
    );
    process.exitCode = 2;
    return;
  }
  const child = Bun.spawn([process.execPath, join(folder, `${name}.ts`), ...options], {
    stdio: ["inherit", "inherit", "inherit"],
  });
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  process.exitCode = await child.exited;
}
