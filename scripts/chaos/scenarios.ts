import { disturbances, publicScenarios } from "./jobs/disturbances.ts";
import { runJobChaos } from "./jobs/job-chaos.ts";
import { printRun } from "./jobs/print-runs.ts";
import { exitOnSignal } from "./options/exit-on-signal.ts";
import { readNumber } from "./options/read-number.ts";
import { readWord } from "./options/read-word.ts";

// `bun run chaos scenarios [--only NAME] [--jobs 6000] [--seed 1] [--rounds 3]`: the scenarios of the field's public comparison,
// each on a Postgres of its own, and beside them a rolling restart. Functions answer well here, so that what is repeated was
// repeated for the disturbance.

exitOnSignal();
const scenarios = [...publicScenarios, "rolling-restart"] as const;
const only = readWord("--only", scenarios);
const calm = [
  "backends-terminated",
  "idle-in-transaction",
  "overload",
  "active-readers",
  "event-burst",
  "rolling-restart",
];
const table = [];

for (const name of only === undefined ? scenarios : [only]) {
  const report = await runJobChaos({
    jobs: readNumber("--jobs", 6_000),
    seed: readNumber("--seed", 1),
    names: [name],
    rounds: readNumber("--rounds", 3),
    workers: 3,
    concurrency: 32,
    leaseSeconds: readNumber("--lease", 3),
    temper: "plain",
  });
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
