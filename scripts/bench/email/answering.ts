import { atExit } from "../../options/at-exit.ts";

/** A function in a process of its own that has given its first answer. */
export type Answering = AsyncDisposable & {
  readonly pid: number;
  readonly url: string;
  /** From the start of the process to the end of its first answer, in ms. */
  readonly tookMs: number;
};

/** Starts a function's process with these settings beside PATH, and gives it once it has answered `/readyz`. */
export async function startAnswering(
  command: readonly string[],
  settings: Readonly<Record<string, string>>,
): Promise<Answering> {
  const startedAt = performance.now();
  const child = Bun.spawn([...command], {
    env: { PATH: process.env["PATH"] ?? "", DENO_NO_UPDATE_CHECK: "1", ...settings },
    stdout: "pipe",
    stderr: "ignore",
  });
  void child.exited.then(atExit(() => child.kill("SIGKILL")));
  const reader = child.stdout.getReader();
  const port = await readPort(reader).catch((cause: unknown) => {
    throw new Error(`Cannot measure ${command.join(" ")}: it does not start.`, { cause });
  });
  const url = `http://127.0.0.1:${port}`;
  await (await fetch(`${url}/readyz`)).text();
  const tookMs = performance.now() - startedAt;
  void drain(reader);
  return {
    pid: child.pid,
    url,
    tookMs,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

async function readPort(reader: Reader): Promise<string> {
  const decoder = new TextDecoder();
  for (let said = ""; ; ) {
    const { value, done } = await reader.read();
    said += decoder.decode(value, { stream: true });
    const port = /"port":(\d+)/.exec(said)?.[1];
    if (port !== undefined) return port;
    if (done) throw new Error(`It ended and said:\n${said}`);
  }
}

/** A pipe that nobody reads would hold the process up when it is full. */
async function drain(reader: Reader): Promise<void> {
  while (!(await reader.read()).done);
}
