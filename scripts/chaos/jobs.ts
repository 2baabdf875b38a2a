import { exitOnSignal } from "../options/exit-on-signal.ts";
import { numberRange } from "../options/number-range.ts";
import { oneOf } from "../options/one-of.ts";
import { readOptions } from "../options/read-options.ts";
import { wholeNumber } from "../options/whole-number.ts";
import { disturbanceNames } from "./jobs/disturbances.ts";
import { runJobChaos } from "./jobs/job-chaos.ts";
import { keepRun, type NamedRun, printRun, printRuns } from "./jobs/print-runs.ts";

// `bun run chaos [jobs] [--jobs 100000] [--seed N | --seeds 1-10] [--rounds 2] [--lease 3] [--only NAME] [--out FILE]`: jobs while
// everything is disturbed.

exitOnSignal();
const text = { type: "string" } as const;
const values = readOptions({
  jobs: text,
  seed: text,
  seeds: text,
  rounds: text,
  workers: text,
  concurrency: text,
  lease: text,
  only: text,
  out: text,
});
const only = oneOf("--only", values.only, disturbanceNames);
const seeds = numberRange("--seeds", values.seeds) ??
  numberRange("--seed", values.seed) ?? [Math.floor(Math.random() * 1e9)];
const jobs = wholeNumber("--jobs", values.jobs, 100_000);
const { out } = values;
const runs: NamedRun[] = [];

for (const seed of seeds) {
  console.log(`seed ${seed}`);
  const report = await runJobChaos({
    jobs,
    seed,
    names: only === undefined ? disturbanceNames : [only],
    rounds: wholeNumber("--rounds", values.rounds, 2),
    workers: wholeNumber("--workers", values.workers, 3),
    concurrency: wholeNumber("--concurrency", values.concurrency, jobs < 20_000 ? 16 : 64),
    leaseSeconds: wholeNumber("--lease", values.lease, 3),
    temper: "all",
    tell: console.log,
  });
  const run = { name: `seed ${seed}`, report };
  printRun(run);
  if (out !== undefined) keepRun(out, run);
  runs.push(run);
}
if (!printRuns(runs)) process.exitCode = 1;
