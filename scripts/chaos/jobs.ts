import { disturbanceNames } from "./jobs/disturbances.ts";
import { runJobChaos } from "./jobs/job-chaos.ts";
import { keepRun, type NamedRun, printRun, printRuns } from "./jobs/print-runs.ts";
import { exitOnSignal } from "./options/exit-on-signal.ts";
import { readNumber } from "./options/read-number.ts";
import { readRange } from "./options/read-range.ts";
import { readText } from "./options/read-text.ts";
import { readWord } from "./options/read-word.ts";

// `bun run chaos [jobs] [--jobs 100000] [--seed N | --seeds 1-10] [--rounds 2] [--lease 3] [--only NAME] [--out FILE]`: jobs while
// everything is disturbed.

exitOnSignal();
const only = readWord("--only", disturbanceNames);
const seeds = readRange("--seeds") ?? readRange("--seed") ?? [Math.floor(Math.random() * 1e9)];
const jobs = readNumber("--jobs", 100_000);
const out = readText("--out");
const runs: NamedRun[] = [];

for (const seed of seeds) {
  console.log(`seed ${seed}`);
  const report = await runJobChaos({
    jobs,
    seed,
    names: only === undefined ? disturbanceNames : [only],
    rounds: readNumber("--rounds", 2),
    workers: readNumber("--workers", 3),
    concurrency: readNumber("--concurrency", jobs < 20_000 ? 16 : 64),
    leaseSeconds: readNumber("--lease", 3),
    temper: "all",
    tell: console.log,
  });
  const run = { name: `seed ${seed}`, report };
  printRun(run);
  if (out !== undefined) keepRun(out, run);
  runs.push(run);
}
if (!printRuns(runs)) process.exitCode = 1;
