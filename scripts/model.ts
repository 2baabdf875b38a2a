import { longConfigurations, shortConfigurations } from "./model/configurations.ts";
import { explore } from "./model/explore.ts";
import { invariants, liveness } from "./model/invariants.ts";
import { rules } from "./model/rules.ts";
import { readOptions } from "./options/read-options.ts";

// `bun run model [--short]` explores every interleaving of each configuration, and prints its size, or the shortest way to what
// breaks an invariant. It fails when one is broken.

const { short: isShort } = readOptions({ short: { type: "boolean", default: false } });
const configurations = [...Object.values(shortConfigurations), ...(isShort ? [] : longConfigurations)];
let states = 0;

for (const configuration of configurations) {
  const { name, runs, jobs, maxAttempts, faults, operations } = configuration;
  const size = [
    `${runs} workers`,
    `${jobs.length} jobs`,
    `${maxAttempts} attempts`,
    `${faults} faults`,
    `${operations} operations`,
  ];
  const explored = explore({ configuration, rules });
  states += explored.states;
  console.log(`${name} (${size.join(", ")})`);
  console.log(`  ${explored.states} states, ${explored.moves} moves, ${explored.depth} steps deep`);
  if (explored.broken === null) continue;
  console.error(`  Broken: ${explored.broken.sentence}.`);
  for (const [n, line] of explored.broken.trace.entries()) console.error(`  ${n + 1}. ${line}`);
  process.exitCode = 1;
}

if (process.exitCode !== 1) {
  console.log(`\nIn each of ${states} states:`);
  for (const sentence of [...invariants.map((invariant) => invariant.sentence), liveness])
    console.log(`  ${sentence}.`);
}
