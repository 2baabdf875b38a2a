import { onlyRow, type Sql } from "../../../db/client/connect.ts";
import { percentile } from "./percentile.ts";
import type { Program } from "./run-program.ts";
import type { CountingFunction } from "./start-function.ts";

/** How the queue does at one moment, since the last one. */
export type Sample = {
  /** Since the watch began. */
  readonly second: number;
  readonly jobsPerSecond: number;
  /** From enqueuing to the function, of jobs that came there. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly deadTuples: number;
  readonly tableMb: number;
  readonly indexMb: number;
  readonly workerMb: number;
};

/** What is watched. */
export type Watched = { readonly sql: Sql; readonly fn: CountingFunction; readonly worker: Program };

/** Gives a function that takes a sample each time it is called. */
export async function watchQueue({ sql, fn, worker }: Watched): Promise<() => Promise<Sample>> {
  const startedAt = performance.now();
  let last = await fn.calls();
  return async () => {
    const now = await fn.calls();
    const { calls, at } = last;
    last = now;
    return {
      second: Math.round((performance.now() - startedAt) / 1000),
      jobsPerSecond: ((now.calls - calls) / (now.at - at)) * 1000,
      p50Ms: percentile(now.lateness, 0.5),
      p99Ms: percentile(now.lateness, 0.99),
      ...(await sizesOf(sql)),
      workerMb: await residentMb(worker.pid),
    };
  };
}

async function sizesOf(sql: Sql): Promise<Pick<Sample, "deadTuples" | "tableMb" | "indexMb">> {
  const row = onlyRow(
    await sql<{ dead: string; heap: string; indexes: string }[]>`
      select pg_stat_get_dead_tuples('app_jobs.jobs'::regclass) as dead,
        pg_table_size('app_jobs.jobs') as heap, pg_indexes_size('app_jobs.jobs') as indexes`,
  );
  return {
    deadTuples: Number(row.dead),
    tableMb: Number(row.heap) / 2 ** 20,
    indexMb: Number(row.indexes) / 2 ** 20,
  };
}

/** Gives the memory that a process has in RAM, in MiB. */
export async function residentMb(pid: number): Promise<number> {
  const ps = Bun.spawn(["ps", "-o", "rss=", "-p", String(pid)], { stdout: "pipe" });
  return Number(await new Response(ps.stdout).text()) / 1024;
}

/** A sample as one line, below `sampleHead`. */
export function sampleLine(sample: Sample): string {
  const { second, jobsPerSecond, p50Ms, p99Ms, deadTuples, tableMb, indexMb, workerMb } = sample;
  const cells = [second, jobsPerSecond, p50Ms, p99Ms, deadTuples, tableMb, indexMb, workerMb];
  return cells.map((cell) => cell.toFixed(0).padStart(columnWidth)).join("");
}

const columnWidth = 10;

/** The heads of the columns of `sampleLine`. */
export const sampleHead = ["s", "jobs/s", "p50 ms", "p99 ms", "dead", "table MB", "index MB", "worker MB"]
  .map((head) => head.padStart(columnWidth))
  .join("");
