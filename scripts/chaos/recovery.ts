import { exitOnSignal } from "../options/exit-on-signal.ts";
import { readOptions } from "../options/read-options.ts";
import { wholeNumber } from "../options/whole-number.ts";
import { runJobChaos } from "./jobs/job-chaos.ts";
import { printRun } from "./jobs/print-runs.ts";

// `bun run chaos recovery [--lease 30] [--rounds 4] [--jobs 4000] [--seed 1]`: how long the jobs of a worker that is killed or
// frozen wait until they are called again, with workers as they are by default.

exitOnSignal();
const values = readOptions({
  lease: { type: "string" },
  rounds: { type: "string" },
  jobs: { type: "string" },
  seed: { type: "string" },
});
const leaseSeconds = wholeNumber("--lease", values.lease, 30);
const goalSeconds = leaseSeconds === 30 ? 35 : leaseSeconds + 2;
const report = await runJobChaos({
  jobs: wholeNumber("--jobs", values.jobs, 4_000),
  seed: wholeNumber("--seed", values.seed, 1),
  names: ["crash-recovery", "worker-frozen"],
  rounds: wholeNumber("--rounds", values.rounds, 4),
  workers: 3,
  concurrency: 32,
  leaseSeconds,
  temper: "plain",
  tell: console.log,
});
printRun({ name: `lease of ${leaseSeconds} s`, report });
const { p50, p95, p99, most, jobs } = report.recovery;
const met = jobs > 0 && p99 < goalSeconds;
console.log(`${jobs} jobs were called again after p50 ${p50}, p95 ${p95}, p99 ${p99}, at most ${most} s`);
console.log(`goal: p99 below ${goalSeconds} s: ${met ? "met" : "MISSED"}`);
if (!met || report.broken.length > 0) process.exitCode = 1;
