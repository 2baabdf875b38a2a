import { exitOnSignal } from "../options/exit-on-signal.ts";
import { oneOf } from "../options/one-of.ts";
import { readOptions } from "../options/read-options.ts";
import { wholeNumber } from "../options/whole-number.ts";
import { disturbances, publicScenarios } from "./jobs/disturbances.ts";
import { runJobChaos } from "./jobs/job-chaos.ts";
import { printRun } from "./jobs/print-runs.ts";

// `bun run chaos scenarios [--only NAME] [--jobs 6000] [--seed 1] [--rounds 3]`: the scenarios of the field's public comparison,
// each on a Postgres of its own, and beside them a rolling restart. Functions answer well here, so that what is repeated was
// repeated for the disturbance.

exitOnSignal();
const scenarios = [...publicScenarios, "rolling-restart"] as const;
const values = readOptions({
  only: { type: "string" },
  jobs: { type: "string" },
  seed: { type: "string" },
  rounds: { type: "string" },
  lease: { type: "string" },
});
const options = {
  jobs: wholeNumber("--jobs", values.jobs, 6_000),
  seed: wholeNumber("--seed", values.seed, 1),
  rounds: wholeNumber("--rounds", values.rounds, 3),
  leaseSeconds: wholeNumber("--lease", values.lease, 3),
  workers: 3,
  concurrency: 32,
  temper: "plain",
} as const;
const calm = [
  "backends-terminated",
  "idle-in-transaction",
  "overload",
  "active-readers",
  "event-burst",
  "rolling-restart",
];
const table = [];

for (const name of oneOf("--only", values.only, scenarios)) {
  const report = await runJobChaos({ ...options, names: [name] });
  printRun({ name, report });
  const repeats = Object.values(report.repeats).reduce((sum, count) => sum + count, 0);
  const held = report.broken.length === 0 && (!calm.includes(name) || repeats === 0);
  table.push({
    scenario: name,
    criterion: disturbances[name].criterion,
    jobs: report.jobs,
    repeats,
    "latency p99 s": report.latency.p99,
    "recovery most s": report.recovery.jobs === 0 ? "" : report.recovery.most,
    result: held ? "pass" : "FAIL",
  });
}
console.log(
  "Each: every committed job is executed, ends once and in its queue's order, no lease is left, and:",
);
console.table(table);
const isPublic = ({ scenario }: { scenario: string }) => publicScenarios.some((name) => name === scenario);
const held = table.filter(({ result }) => result === "pass");
console.log(`${held.filter(isPublic).length} of ${table.filter(isPublic).length} of the public comparison`);
if (held.length < table.length) process.exitCode = 1;
