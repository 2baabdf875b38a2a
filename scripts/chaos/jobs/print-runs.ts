import { appendFileSync } from "node:fs";
import { cpus } from "node:os";
import type { JobChaosReport } from "./report-run.ts";

/** A run under a name, such as its seed. */
export type NamedRun = { readonly name: string; readonly report: JobChaosReport };

/** Prints a run in full: what it counted, then each promise that it found broken. */
export function printRun({ name, report: { broken, ...counts } }: NamedRun): void {
  console.log(`${name}: ${Bun.inspect(counts, { colors: false })}`);
  for (const promise of broken) console.error(`  BROKEN ${promise}`);
}

/** Prints a line a run and what they come to, and tells whether every promise held. */
export function printRuns(runs: readonly NamedRun[]): boolean {
  console.log(`\n${cpus().length} cores`);
  console.table(runs.map(lineOf));
  const held = runs.filter(({ report }) => report.broken.length === 0).length;
  console.log(`${held} of ${runs.length}: every promise held`);
  return held === runs.length;
}

function lineOf({ name, report }: NamedRun) {
  const { jobs, calls, dead, unanswered, repeats, recovery, latency, broken, seconds } = report;
  return {
    run: name,
    committed: jobs,
    "unanswered, there/not": `${unanswered.committed}/${unanswered.lost}`,
    calls,
    dead,
    "explained repeats": Object.values(repeats).reduce((sum, count) => sum + count, 0),
    "recovery p99 s": recovery.jobs === 0 ? "" : recovery.p99,
    "latency p99 s": latency.p99,
    seconds: Math.round(seconds),
    broken: broken.length,
  };
}

/** Adds a run to a file as one line of JSON. */
export function keepRun(file: string, { name, report }: NamedRun): void {
  appendFileSync(file, `${JSON.stringify({ run: name, ...report })}\n`);
}
