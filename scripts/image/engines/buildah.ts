import { readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { until } from "../../../services/testing/until.ts";
import { withCommand } from "../../../services/testing/with-process.ts";
import type { Engine } from "../engine.ts";
import { environmentOf } from "./docker.ts";
import { runTool, toolWorks } from "./run-tool.ts";

const inspected = z.object({
  OCIv1: z.object({
    config: z.object({
      User: z.string().default(""),
      Entrypoint: z.array(z.string()).default([]),
      Cmd: z.array(z.string()).default([]),
      Env: z.array(z.string()).default([]),
      Labels: z.record(z.string(), z.string()).default({}),
    }),
  }),
});

const engine: Engine = {
  name: "buildah",
  build: async ({ tag, dockerfile, args }) => {
    const words = Object.entries(args).flatMap(([key, value]) => ["--build-arg", `${key}=${value}`]);
    // Each layer would be a copy of all below it where the store has no overlays.
    await runTool(["buildah", "bud", "--layers=false", "-f", dockerfile, "-t", tag, ...words, "."]);
  },
  inspect: async (tag) => {
    const text = await runTool(["buildah", "inspect", "--type", "image", tag]);
    const { config } = inspected.parse(JSON.parse(text)).OCIv1;
    return {
      user: config.User,
      entrypoint: config.Entrypoint,
      command: config.Cmd,
      env: environmentOf(config.Env),
      labels: config.Labels,
    };
  },
  compressedBytes: async (tag) => {
    const archive = join(tmpdir(), `image-${process.pid}.tar`);
    await runTool(["buildah", "push", tag, `oci-archive:${archive}`]);
    const { size } = await stat(archive);
    await rm(archive);
    return size;
  },
  start: async (tag, { words, env, mounts }) => {
    const { user, entrypoint, command, env: own } = await engine.inspect(tag);
    const container = (await runTool(["buildah", "from", "--pull-never", tag])).trim();
    const root = (await runTool(["buildah", "mount", container])).trim();
    const [uid = "", gid = uid] = user.split(":");
    const folders = Object.entries(mounts).flatMap(([inside, here]) => ["--ro-bind", here, inside]);
    const closed = ["--unshare-pid", "--unshare-user", "--uid", uid, "--gid", gid, "--die-with-parent"];
    const system = ["--proc", "/proc", "--dev", "/dev"];
    const program = [...entrypoint, ...(words.length > 0 ? words : command)];
    const running = withCommand(
      ["bwrap", "--ro-bind", root, "/", ...system, ...folders, ...closed, "--as-pid-1", ...program],
      { ...own, ...env },
    );
    return {
      ...running,
      // Its parent would take the signal for itself.
      kill: (signal) => void signalChild(running.pid, signal),
      [Symbol.asyncDispose]: async () => {
        await running[Symbol.asyncDispose]();
        await runTool(["buildah", "rm", container]);
      },
    };
  },
};

/** Buildah, with bubblewrap to run what it built: neither needs a daemon. */
export const buildahEngine: { readonly engine: Engine; readonly works: () => Promise<boolean> } = {
  engine,
  works: async () => (await toolWorks(["buildah", "images"])) && (await toolWorks(["bwrap", "--version"])),
};

async function signalChild(pid: number, signal: NodeJS.Signals): Promise<void> {
  const child = await until("bubblewrap has its child", async () =>
    Number((await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).trim().split(" ")[0]),
  );
  process.kill(child, signal);
}
