import { readOptions } from "../options/read-options.ts";
import { wholeNumber } from "../options/whole-number.ts";
import { type DisturbanceName, disturbances } from "./jobs/disturbances.ts";
import { runJobChaos } from "./jobs/job-chaos.ts";

// `bun run chaos [jobs] [--jobs 100000] [--seed N] [--rounds N] [--only NAME]`: jobs while everything is disturbed.

const all = Object.keys(disturbances).filter((name): name is DisturbanceName => name in disturbances);
const values = readOptions({
  jobs: { type: "string" },
  seed: { type: "string" },
  rounds: { type: "string" },
  only: { type: "string" },
});
const names = values.only === undefined ? all : all.filter((name) => name === values.only);
const jobs = wholeNumber("--jobs", values.jobs, 100_000);
const seed = wholeNumber("--seed", values.seed, Math.floor(Math.random() * 1e9));
const rounds = wholeNumber("--rounds", values.rounds, Math.max(1, Math.round(jobs / 10_000)));

if (names.length === 0) {
  console.error(`Cannot disturb so. Pass one of these after --only: ${all.join(", ")}.`);
  process.exitCode = 2;
} else {
  console.log(`seed ${seed}`);
  const { broken, ...report } = await runJobChaos({
    jobs,
    seed,
    names,
    rounds,
    workers: 3,
    leaseSeconds: 3,
    tell: console.log,
  });
  console.log(Bun.inspect(report, { colors: false }));
  for (const promise of broken) console.error(promise);
  console.log(broken.length === 0 ? "every promise held" : "promises were broken");
  if (broken.length > 0) process.exitCode = 1;
}
