import { readFile } from "node:fs/promises";
import { startAnswering } from "../email/answering.ts";
import { processCpuUs } from "../host/count-cpu.ts";
import { percentile } from "../host/percentile.ts";
import type { Way } from "./ways.ts";

/** What one way of putting a function into an image costs. */
export type WayFigure = {
  readonly way: string;
  /** Bytes of its files, and of the same compressed as an image's layer is. */
  readonly bytes: number;
  readonly gzip: number;
  /** From the start of the process to its first answer. */
  readonly bestMs: number;
  readonly medianMs: number;
  /** Resident memory at the first answer, and after the mails. */
  readonly bytesAtStart: number;
  readonly bytesAfter: number;
  /** CPU time of one mail, in ms; NaN where there is no /proc. */
  readonly cpuMs: number;
};

/** How often a way is started, with what, and what one mail is. */
export type Load = {
  readonly starts: number;
  readonly mails: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly send: (url: string, id: number) => Promise<void>;
};

/** Mails under way at once: what the manifests let one container have. */
const atOnce = 10;

/** Measures the ways: the starts of all in turn, so that what else the machine does meets each alike, then size and memory. */
export async function measureWays(ways: readonly Way[], load: Load): Promise<readonly WayFigure[]> {
  const times = new Map(ways.map(({ name }) => [name, [] as number[]]));
  for (let start = 0; start < load.starts; start += 1)
    for (const { name, command, env } of ways) {
      await using answering = await startAnswering(command, { ...load.settings, ...env });
      times.get(name)?.push(answering.tookMs);
    }
  const figures: WayFigure[] = [];
  for (const way of ways) figures.push(await measureWay(way, load, times.get(way.name) ?? []));
  return figures;
}

async function measureWay(
  { name, command, files, env }: Way,
  load: Load,
  times: readonly number[],
): Promise<WayFigure> {
  const settings = { ...load.settings, ...env };
  await using answering = await startAnswering(command, settings);
  const bytesAtStart = await residentBytes(answering.pid);
  const cpuBefore = await processCpuUs(answering.pid);
  let next = 0;
  const lane = async () => {
    while (next < load.mails) await load.send(answering.url, (next += 1));
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  const bytesAfter = await residentBytes(answering.pid);
  const cpuMs = ((await processCpuUs(answering.pid)) - cpuBefore) / 1000 / load.mails;
  const sizes = await sizesOf(files);
  const [bestMs, medianMs] = [Math.min(...times), percentile(times, 0.5)];
  return { way: name, ...sizes, bestMs, medianMs, bytesAtStart, bytesAfter, cpuMs };
}

async function sizesOf(files: readonly string[]): Promise<{ bytes: number; gzip: number }> {
  let [bytes, gzip] = [0, 0];
  for (const path of files) {
    const content = await Bun.file(path).bytes();
    bytes += content.byteLength;
    gzip += Bun.gzipSync(content).byteLength;
  }
  return { bytes, gzip };
}

/** What a process holds of memory now, its program's pages included. */
async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => undefined);
  if (status !== undefined) return Number(/VmRSS:\s*(\d+)/.exec(status)?.[1]) * 1024;
  const listed = Bun.spawnSync(["ps", "-o", "rss=", "-p", String(pid)]).stdout.toString();
  return Number(listed) * 1024;
}
