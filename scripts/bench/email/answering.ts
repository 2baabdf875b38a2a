import { portOf } from "../../../functions/runtime-tests/start-runtime.ts";
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
    stderr: "pipe",
  });
  void child.exited.then(atExit(() => child.kill("SIGKILL")));
  const port = await readPort([child.stdout, child.stderr]).catch((cause: unknown) => {
    throw new Error(`Cannot measure ${command.join(" ")}: it does not start.`, { cause });
  });
  const url = `http://127.0.0.1:${port}`;
  await (await fetch(`${url}/readyz`)).text();
  const tookMs = performance.now() - startedAt;
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

/** Gives the port that a process tells, and reads on: a pipe that nobody reads would hold it up when it is full. */
function readPort(streams: readonly ReadableStream<Uint8Array>[]): Promise<string> {
  const found = Promise.withResolvers<string>();
  let said = "";
  const read = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      if (portOf(said) !== undefined) continue;
      said += decoder.decode(chunk, { stream: true });
      const port = portOf(said);
      if (port !== undefined) found.resolve(port);
    }
  };
  void Promise.all(streams.map(read)).then(() => found.reject(new Error(`It ended and said:\n${said}`)));
  return found.promise;
}
