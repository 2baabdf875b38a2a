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

/** What a runtime serves: a folder under functions/ with a `worker.ts`. */
type Served = "send-email-link" | "simple-email" | "runtime-tests/host-probe" | "runtime-tests/abort-probe";

/** What a server shows of itself over https, in PEM. Workerd alone takes one here. */
export type Certificate = { readonly cert: string; readonly private: string };

/** A runtime: its name, and how to serve a function by it. Undefined as its program is "not on this machine". */
export type Runtime = {
  readonly name: "bun" | "node" | "deno" | "workerd";
  readonly program: string | undefined;
  readonly start: (
    settings: RuntimeSettings,
    served?: Served,
    certificate?: Certificate,
  ) => Promise<StartedRuntime>;
  /** Writes into the folder what the program needs, and gives its arguments. */
  readonly prepare: Prepare;
};

const root = join(import.meta.dirname, "../..");
const functions = join(root, "functions");

/** Every runtime that functions are promised to run on. Deno and workerd come from npm, Node is the machine's. */
export const runtimes: readonly Runtime[] = [
  runtime("bun", process.execPath, async ({ served }) => [join(functions, served, "main.ts")]),
  runtime("node", Bun.which("node") ?? undefined, async (start) => [await nodeServer(start)]),
  runtime("deno", installed("@deno/*/deno{,.exe}"), async ({ served }) => [
    "serve",
    "--no-prompt",
    "--unstable-no-legacy-abort",
    "--allow-net",
    "--allow-env",
    "--host=127.0.0.1",
    "--port=0",
    join(functions, served, "worker.ts"),
  ]),
  runtime("workerd", installed("@cloudflare/workerd-*/bin/workerd{,.exe}"), async (start) => {
    const config = join(start.folder, "config.capnp");
    await Bun.write(join(start.folder, "worker.js"), await edgeBundle(start.served));
    await Bun.write(config, workerdConfig(start));
    return ["serve", "--control-fd=1", config];
  }),
];

type Start = {
  readonly folder: string;
  readonly settings: RuntimeSettings;
  readonly served: Served;
  readonly certificate?: Certificate | undefined;
};
type Prepare = (start: Start) => Promise<readonly string[]>;

function runtime(name: Runtime["name"], program: string | undefined, prepare: Prepare): Runtime {
  return {
    name,
    program,
    prepare,
    start: async (settings, served = "send-email-link", certificate?: Certificate) => {
      if (program === undefined) throw new Error(`Cannot start ${name}: it is not installed.`);
      const folder = await mkdtemp(join(tmpdir(), `runtime-${name}-`));
      const child = Bun.spawn([program, ...(await prepare({ folder, settings, served, certificate }))], {
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
        return portOf(output());
      });
      const port = await ready.catch(async (fault: unknown) => {
        await stop();
        throw fault;
      });
      const origin = certificate === undefined ? "http://127.0.0.1" : "https://localhost";
      return { url: `${origin}:${port}`, output, [Symbol.asyncDispose]: stop };
    },
  };
}

/** Gives the port that a runtime listens on, as it has said itself, or undefined where it has not yet. */
export function portOf(output: string): string | undefined {
  return /"port":(\d+)|Listening on \S+:(\d+)/.exec(output)?.slice(1).find(Boolean);
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

/** Gives the path of a module that serves the function: its worker with all its packages, behind a server of Node's. */
async function nodeServer({ folder, served }: Start): Promise<string> {
  const [entry, to] = [join(folder, "entry.ts"), join(folder, "server.mjs")];
  const [worker, server] = [
    join(functions, served, "worker.ts"),
    join(import.meta.dirname, "node-server.ts"),
  ];
  const imports = `import worker from ${quote(worker)};\nimport { serve } from ${quote(server)};\n`;
  await Bun.write(entry, `${imports}serve(worker.fetch);\n`);
  const { outputs } = await Bun.build({ entrypoints: [entry], target: "node" });
  await Bun.write(to, (await outputs[0]?.text()) ?? "");
  return to;
}

/** Settings come to workerd as bindings of text. Outbound connections may go to this machine, which it forbids otherwise. */
function workerdConfig({ settings, certificate }: Pick<Start, "settings" | "certificate">): string {
  const bindings = Object.entries(settings).map(
    ([name, text]) => `(name = ${quote(name)}, text = ${quote(text)})`,
  );
  const keypair =
    certificate &&
    `(privateKey = ${quote(certificate.private)}, certificateChain = ${quote(certificate.cert)})`;
  const protocol = keypair ? `https = (tlsOptions = (keypair = ${keypair}))` : "http = ()";
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", ${protocol}, service = "main")],
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
