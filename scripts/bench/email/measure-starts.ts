import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runtimes } from "../../../functions/runtime-tests/start-runtime.ts";
import { buildFunction } from "../../email/build-function.ts";
import { median, percentile } from "../host/percentile.ts";

/** How long a function takes from the start of its process to its first answer. */
export type StartFigure = {
  readonly runtime: string;
  readonly bestMs: number;
  readonly medianMs: number;
  readonly p90Ms: number;
};

const settings = { PORT: "0", SEND_EMAIL_LINK_DRY_RUN: "true", GRAPHQL_URL: "http://127.0.0.1:1/graphql" };

/** Measures send-email-link's first answer in a fresh process, of every runtime that is here. */
export async function measureStarts(starts: number): Promise<readonly StartFigure[]> {
  const folder = await mkdtemp(join(tmpdir(), "bench-start-"));
  await buildFunction("send-email-link", join(folder, "built"));
  const ways: [string, readonly string[]][] = [
    ["Bun, built (the container)", [process.execPath, join(folder, "built/main.js")]],
  ];
  for (const { name, program, prepare } of runtimes)
    if (program !== undefined)
      ways.push([
        name === "bun" ? "Bun, from source" : name,
        [program, ...(await prepare({ folder, settings, served: "send-email-link" }))],
      ]);

  const figures: StartFigure[] = [];
  for (const [runtime, command] of ways) {
    const times = [];
    for (let start = 0; start < starts; start += 1) times.push(await firstAnswer(command));
    figures.push({
      runtime,
      bestMs: Math.min(...times),
      medianMs: median(times),
      p90Ms: percentile(times, 0.9),
    });
  }
  await rm(folder, { recursive: true, force: true });
  return figures;
}

async function firstAnswer(command: readonly string[]): Promise<number> {
  const startedAt = performance.now();
  const child = Bun.spawn([...command], {
    env: { PATH: process.env["PATH"] ?? "", DENO_NO_UPDATE_CHECK: "1", ...settings },
    stdout: "pipe",
    stderr: "ignore",
  });
  let said = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    said += decoder.decode(chunk, { stream: true });
    const port = /"port":(\d+)/.exec(said)?.[1];
    if (port === undefined) continue;
    await (await fetch(`http://127.0.0.1:${port}/readyz`)).text();
    break;
  }
  const took = performance.now() - startedAt;
  child.kill("SIGKILL");
  await child.exited;
  return took;
}
