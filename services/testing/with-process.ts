import { join } from "node:path";

/** A program of this repository, run as a process of its own. */
export type TestProcess = AsyncDisposable & {
  /** Everything that it has printed so far, on both streams. */
  readonly output: () => string;
  readonly kill: (signal: "SIGTERM" | "SIGINT" | "SIGKILL" | "SIGSTOP" | "SIGCONT") => void;
  /** Resolves with the exit code. */
  readonly exited: Promise<number>;
};

const root = join(import.meta.dirname, "../..");

/** Runs a program, such as `services/worker/main.ts`, with just these environment variables beside PATH. */
export function withProcess(
  program: string,
  env: Readonly<Record<string, string>>,
  words: readonly string[] = [],
): TestProcess {
  return withCommand([...programCommand(program), ...words], env);
}

/** Gives the command that runs a program of this repository. */
export function programCommand(program: string): readonly string[] {
  return [process.execPath, join(root, program)];
}

/** Runs any command in the repository's root, with just these environment variables beside PATH. */
export function withCommand(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): TestProcess & { readonly pid: number } {
  const child = Bun.spawn([...command], {
    cwd: root,
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
  let output = "";
  const collect = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) output += decoder.decode(chunk, { stream: true });
  };
  const read = Promise.all([collect(child.stdout), collect(child.stderr)]);
  return {
    pid: child.pid,
    output: () => output,
    kill: (signal) => child.kill(signal),
    exited: child.exited.then(async (code) => {
      await read;
      return code;
    }),
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}
