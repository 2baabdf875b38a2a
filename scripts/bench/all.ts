import { mkdir } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { onlyThese } from "../options/only-these.ts";
import { readOptions } from "../options/read-options.ts";

// Everything that the README's table tells, one after the other, in about an hour. Each run's output goes into a file of --out, with
// its command and how long it took; one that fails or takes too long keeps none of the others back. The machine has to be
// left alone meanwhile: figures are the machine's too.

const values = readOptions({
  out: { type: "string", default: "dist/bench" },
  only: { type: "string", multiple: true },
});

type Step = { readonly name: string; readonly words: readonly string[]; readonly minutes: number };

/** Longest time of each, in minutes, is twice what it took on two cores. */
const steps: Step[] = [
  { name: "dispatch", words: ["bench", "dispatch", "--rounds", "1", "--seconds", "2"], minutes: 12 },
  { name: "latency", words: ["bench", "latency", "--rounds", "1", "--rate", "200"], minutes: 12 },
  {
    name: "enqueue",
    words: ["bench", "enqueue", "--rounds", "1", "--seconds", "1.5", "--connections", "1,16"],
    minutes: 8,
  },
  { name: "backlog", words: ["bench", "backlog", "--rounds", "2", "--huge"], minutes: 20 },
  { name: "email", words: ["bench", "email"], minutes: 6 },
  { name: "image", words: ["bench", "image"], minutes: 6 },
  { name: "sizing", words: ["bench", "sizing"], minutes: 6 },
  { name: "workers", words: ["bench", "workers", "--rounds", "1"], minutes: 6 },
  { name: "soak", words: ["bench", "soak"], minutes: 15 },
  { name: "pressure", words: ["bench", "pressure", "--minutes", "2"], minutes: 25 },
  { name: "model", words: ["model"], minutes: 10 },
  { name: "requests", words: ["chaos", "requests"], minutes: 6 },
  { name: "scenarios", words: ["chaos", "scenarios"], minutes: 12 },
  { name: "recovery-3", words: ["chaos", "recovery", "--lease", "3"], minutes: 6 },
  { name: "recovery-30", words: ["chaos", "recovery"], minutes: 12 },
  { name: "seeds", words: ["chaos", "--seeds", "1-4"], minutes: 15 },
];

/** Work of others above this load shows in every figure. */
const quietLoad = 0.5;

const out = values.out;
const chosen = onlyThese(steps, values.only);
await mkdir(out, { recursive: true });
for (const { name, words, minutes } of chosen) {
  const load = loadavg()[0] ?? 0;
  const command = `bun run ${words.join(" ")}`;
  const startedAt = new Date();
  const file = Bun.file(join(out, `${name}.txt`));
  const run = Bun.spawn([process.execPath, "run", ...words], {
    stdout: file,
    stderr: Bun.file(join(out, `${name}.err.txt`)),
    timeout: minutes * 60_000,
  });
  const code = await run.exited;
  const took = ((Date.now() - startedAt.getTime()) / 60_000).toFixed(1);
  const end = run.signalCode === null ? `exit code ${code}` : `ended by ${run.signalCode}`;
  const beside = load > quietLoad ? `, begun at a load of ${load.toFixed(1)}` : "";
  console.log(`${startedAt.toISOString()}  ${command}: ${end}, ${took} min${beside}`);
}
