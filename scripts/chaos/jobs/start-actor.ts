import { join } from "node:path";

/** A service of ours as a process of a run. Of what it prints only the end is kept. */
export type Actor = {
  readonly name: string;
  readonly pid: number;
  readonly kill: (signal: "SIGTERM" | "SIGKILL" | "SIGSTOP" | "SIGCONT") => void;
  /** Resolves with the exit code. */
  readonly exited: Promise<number>;
  /** The port that it said it is ready on, or undefined as long as it has not. */
  readonly port: () => number | undefined;
  readonly tail: () => string;
};

/** What to start. */
export type ActorOptions = {
  /** HOSTNAME, which a worker is known by. */
  readonly name: string;
  /** The program, such as `services/worker/main.ts`. */
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  /** Called when a worker says that it lost its lease. */
  readonly onLeaseLost: () => void;
};

const root = join(import.meta.dirname, "../../..");
const tailLength = 2_000;

/** Starts a service. */
export function startActor({ name, program, env, onLeaseLost }: ActorOptions): Actor {
  const child = Bun.spawn([process.execPath, join(root, program)], {
    cwd: root,
    env: { PATH: process.env["PATH"] ?? "", ...env, HOSTNAME: name },
    stdout: "pipe",
    stderr: "pipe",
  });
  let port: number | undefined;
  let tail = "";
  const hear = (line: string) => {
    tail = `${tail}${line}\n`.slice(-tailLength);
    if (line.includes("lease lost;")) onLeaseLost();
    const ready = port === undefined ? /ready.* on port (\d+)/.exec(line) : null;
    if (ready !== null) port = Number(ready[1]);
  };
  const heard = Promise.all([readLines(child.stdout, hear), readLines(child.stderr, hear)]);
  return {
    name,
    pid: child.pid,
    kill: (signal) => child.kill(signal),
    exited: child.exited.then(async (code) => {
      await heard;
      return code;
    }),
    port: () => port,
    tail: () => tail,
  };
}

async function readLines(stream: ReadableStream<Uint8Array>, hear: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    lines.forEach(hear);
  }
  if (rest !== "") hear(rest);
}
