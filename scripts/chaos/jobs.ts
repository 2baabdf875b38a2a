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
const values = readOptions({
  jobs: { type: "string" },
  seed: { type: "string" },
  seeds: { type: "string" },
  rounds: { type: "string" },
  lease: { type: "string" },
  workers: { type: "string" },
  concurrency: { type: "string" },
  only: { type: "string" },
  out: { type: "string" },
});
const jobs = wholeNumber("--jobs", values.jobs, 100_000);
const options = {
  jobs,
  names: oneOf("--only", values.only, disturbanceNames),
  rounds: wholeNumber("--rounds", values.rounds, 2),
  workers: wholeNumber("--workers", values.workers, 3),
  concurrency: wholeNumber("--concurrency", values.concurrency, jobs < 20_000 ? 16 : 64),
  leaseSeconds: wholeNumber("--lease", values.lease, 3),
} as const;
const drawn = Math.floor(Math.random() * 1e9);
const runs: NamedRun[] = [];

for (const seed of numberRange("--seeds", values.seeds ?? values.seed, drawn)) {
  console.log(`seed ${seed}`);
  const report = await runJobChaos({ ...options, seed, temper: "all", tell: console.log });
  const run = { name: `seed ${seed}`, report };
  printRun(run);
  if (values.out !== undefined) keepRun(values.out, run);
  runs.push(run);
}
if (!printRuns(runs)) process.exitCode = 1;
