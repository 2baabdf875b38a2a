import { z } from "zod";
import { withCommand } from "../../../services/testing/with-process.ts";
import type { Engine } from "../engine.ts";
import { runTool, toolWorks } from "./run-tool.ts";

const inspected = z
  .tuple([
    z.object({
      Config: z.object({
        User: z.string(),
        Entrypoint: z.array(z.string()).nullish(),
        Cmd: z.array(z.string()).nullish(),
        Env: z.array(z.string()).nullish(),
        Labels: z.record(z.string(), z.string()).nullish(),
      }),
    }),
  ])
  .rest(z.unknown());

/** Docker, or Podman, which takes the same words. */
export function dockerEngine(name: "docker" | "podman"): {
  readonly engine: Engine;
  readonly works: () => Promise<boolean>;
} {
  const engine: Engine = {
    name,
    build: async ({ tag, dockerfile, args }) => {
      const words = Object.entries(args).flatMap(([key, value]) => ["--build-arg", `${key}=${value}`]);
      await runTool([name, "build", "-f", dockerfile, "-t", tag, ...words, "."]);
    },
    inspect: async (tag) => {
      const text = await runTool([name, "image", "inspect", tag]);
      const [{ Config }] = inspected.parse(JSON.parse(text));
      return {
        user: Config.User,
        entrypoint: Config.Entrypoint ?? [],
        command: Config.Cmd ?? [],
        env: environmentOf(Config.Env ?? []),
        labels: Config.Labels ?? {},
      };
    },
    compressedBytes: async (tag) => {
      const child = Bun.spawn([name, "image", "save", tag], { stdout: "pipe", stderr: "ignore" });
      let bytes = 0;
      for await (const chunk of child.stdout.pipeThrough(new CompressionStream("gzip")))
        bytes += chunk.length;
      return bytes;
    },
    start: async (tag, { words, env, mounts }) => {
      const closed = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"];
      const variables = Object.entries(env).flatMap(([key, value]) => ["-e", `${key}=${value}`]);
      const folders = Object.entries(mounts).flatMap(([inside, here]) => ["-v", `${here}:${inside}:ro`]);
      // Signals that the client gets are handed on to the program.
      return withCommand(
        [name, "run", "--rm", "--network", "host", ...closed, ...variables, ...folders, tag, ...words],
        homeOf(process.env),
      );
    },
  };
  return { engine, works: () => toolWorks([name, "info"]) };
}

/** Gives an environment from its `NAME=value` lines. */
export function environmentOf(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
}

/** The client finds its settings by HOME and by variables of its own. */
function homeOf(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const names = Object.keys(env).filter((name) => /^(HOME|DOCKER_|CONTAINER_|XDG_)/.test(name));
  return Object.fromEntries(names.map((name) => [name, env[name] ?? ""]));
}
