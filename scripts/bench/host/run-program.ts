import { join } from "node:path";
import { atExit } from "../../options/at-exit.ts";

/** A process of a bench; disposing of it ends it as an operator would. */
export type Program = AsyncDisposable & {
  readonly pid: number;
  /** Stops it at once, as a crash would. */
  readonly kill: () => void;
  /** Gives the first line that it prints and that fits. */
  readonly line: (fits: RegExp) => Promise<string>;
};

const root = join(import.meta.dirname, "../../..");

/** Runs a program of this repository under this Bun with these variables and words. */
export function runProgram(
  program: string,
  env: Readonly<Record<string, string>>,
  words: readonly string[] = [],
): Program {
  return runCommand([process.execPath, join(root, program), ...words], env);
}

/** Runs any command in the repository's root, with these variables alone. */
export function runCommand(command: readonly string[], env: Readonly<Record<string, string>>): Program {
  const child = Bun.spawn([...command], {
    cwd: root,
    env: { PATH: process.env["PATH"] ?? "", NODE_ENV: "production", ...env },
    stdout: "pipe",
    stderr: "inherit",
  });
  void child.exited.then(atExit(() => child.kill("SIGKILL")));
  let text = "";
  let onText = () => {};
  const read = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) {
      text += decoder.decode(chunk, { stream: true });
      onText();
    }
  })();
  return {
    pid: child.pid,
    kill: () => child.kill("SIGKILL"),
    line: (fits) =>
      new Promise((resolve, reject) => {
        const look = () => {
          // What follows the last line break is a line that is still on its way: a long one comes in pieces.
          const found = text
            .split("\n")
            .slice(0, -1)
            .find((line) => fits.test(line));
          if (found !== undefined) resolve(found);
        };
        onText = look;
        look();
        void Promise.all([child.exited, read]).then(() =>
          reject(new Error(`${command.join(" ")} ended:\n${text}`)),
        );
      }),
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGTERM");
      await child.exited;
    },
  };
}
