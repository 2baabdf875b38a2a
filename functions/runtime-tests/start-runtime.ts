import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../../services/testing/until.ts";
import { edgeBundle } from "../testing/edge-bundle.ts";

/** The function, served by one runtime as a process of its own. */
export type StartedRuntime = AsyncDisposable & {
  readonly url: string;
  /** All that it has printed. */
  readonly output: () => string;
};

/** Settings of the function, as text. */
export type RuntimeSettings = Readonly<Record<string, string>>;

/** A runtime: its name, and how to serve send-email-link by it. Undefined as its program is "not on this machine". */
export type Runtime = {
  readonly name: "bun" | "node" | "deno" | "workerd";
  readonly program: string | undefined;
  readonly start: (settings: RuntimeSettings) => Promise<StartedRuntime>;
};

const root = join(import.meta.dirname, "../..");

/** Every runtime that the function is promised to run on. Deno and workerd come from npm, Node is the machine's. */
export const runtimes: readonly Runtime[] = [
  runtime("bun", process.execPath, async () => [join(root, "functions/send-email-link/main.ts")]),
  runtime("node", Bun.which("node") ?? undefined, async (folder) => [
    await bundle("node-server.ts", join(folder, "server.mjs")),
  ]),
  runtime("deno", installed("@deno/*/deno{,.exe}"), async (folder) => [
    "run",
    "--no-prompt",
    "--no-config",
    "--allow-net",
    "--allow-env",
    await bundle("deno-server.ts", join(folder, "server.mjs")),
  ]),
  runtime("workerd", installed("@cloudflare/workerd-*/bin/workerd{,.exe}"), async (folder, settings) => {
    await Bun.write(join(folder, "worker.js"), await edgeBundle("send-email-link"));
    await Bun.write(join(folder, "config.capnp"), workerdConfig(settings));
    return ["serve", "--control-fd=1", join(folder, "config.capnp")];
  }),
];

type Arguments = (folder: string, settings: RuntimeSettings) => Promise<readonly string[]>;

function runtime(name: Runtime["name"], program: string | undefined, args: Arguments): Runtime {
  return {
    name,
    program,
    start: async (settings) => {
      if (program === undefined) throw new Error(`Cannot start ${name}: it is not installed.`);
      const folder = await mkdtemp(join(tmpdir(), `runtime-${name}-`));
      const child = Bun.spawn([program, ...(await args(folder, settings))], {
        env: { PATH: process.env["PATH"] ?? "", DENO_DIR: folder, DENO_NO_UPDATE_CHECK: "1", ...settings },
        stdout: "pipe",
        stderr: "pipe",
      });
      const output = collect(child);
      const stop = async () => {
        child.kill("SIGKILL");
        await child.exited;
        await rm(folder, { recursive: true, force: true });
      };
      const ready = until(`${name} is ready`, () => {
        if (child.exitCode !== null) throw new Error(`${name} stopped: ${output()}`);
        return /"port":(\d+)/.exec(output())?.[1];
      });
      const port = await ready.catch(async (fault: unknown) => {
        await stop();
        throw fault;
      });
      return { url: `http://127.0.0.1:${port}`, output, [Symbol.asyncDispose]: stop };
    },
  };
}

function collect(child: Bun.Subprocess<"ignore", "pipe", "pipe">): () => string {
  let text = "";
  const read = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) text += decoder.decode(chunk, { stream: true });
  };
  void Promise.all([read(child.stdout), read(child.stderr)]);
  return () => text;
}

/** Gives the program that an npm package brings for this machine. */
function installed(pattern: string): string | undefined {
  const [found] = new Bun.Glob(pattern).scanSync({ cwd: join(root, "node_modules"), absolute: true });
  return found;
}

async function bundle(entry: string, to: string): Promise<string> {
  const { outputs } = await Bun.build({
    entrypoints: [join(import.meta.dirname, entry)],
    target: entry.startsWith("node") ? "node" : "browser",
  });
  await Bun.write(to, (await outputs[0]?.text()) ?? "");
  return to;
}

/** Settings come to workerd as bindings of text. Outbound connections may go to this machine, which it forbids otherwise. */
function workerdConfig(settings: RuntimeSettings): string {
  const bindings = Object.entries(settings).map(
    ([name, text]) => `(name = ${quote(name)}, text = ${quote(text)})`,
  );
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-09-01",
  bindings = [${bindings.join(", ")}],
  globalOutbound = "internet",
);
`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
