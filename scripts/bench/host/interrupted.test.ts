import { expect, test } from "bun:test";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../../../services/testing/until.ts";

const root = join(import.meta.dirname, "../../..");

test("a bench that is broken off leaves no folder and no process", async () => {
  const folder = await mkdtemp(join(tmpdir(), "jobs-test-interrupted-"));
  const words = ["scripts/bench.ts", "dispatch", "--only", "knative jobs", "--in-flight", "1"];
  const bench = Bun.spawn([process.execPath, ...words], {
    cwd: root,
    env: { ...process.env, TMPDIR: folder },
    stdout: "ignore",
    stderr: "ignore",
  });
  try {
    // The worker is the last that it starts.
    await until("the worker runs", async () =>
      (await commandsUnder(bench.pid)).some((command) => command.includes("worker/main.ts")),
    );
    const started = await pidsUnder(bench.pid);
    expect(started.length).toBeGreaterThan(3);
    expect(await readdir(folder)).not.toEqual([]);

    bench.kill("SIGTERM");
    await bench.exited;
    await until("all have ended", async () => started.every((pid) => !isAlive(pid)));
    expect(await readdir(folder)).toEqual([]);
  } finally {
    bench.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  }
}, 60_000);

type Process = { readonly pid: number; readonly parent: number; readonly command: string };

async function processes(): Promise<Process[]> {
  const listed = await Bun.$`ps -A -ww -o pid=,ppid=,args=`.text();
  return listed
    .trim()
    .split("\n")
    .map((line) => {
      const [, pid, parent, command = ""] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
      return { pid: Number(pid), parent: Number(parent), command };
    });
}

async function under(pid: number): Promise<Process[]> {
  const all = await processes();
  const found = all.filter(({ parent }) => parent === pid);
  for (const one of found) found.push(...all.filter(({ parent }) => parent === one.pid));
  return found;
}

const pidsUnder = async (pid: number) => (await under(pid)).map((one) => one.pid);
const commandsUnder = async (pid: number) => (await under(pid)).map(({ command }) => command);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
