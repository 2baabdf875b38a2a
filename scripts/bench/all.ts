import { appendFile, mkdir } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { atExit } from "../options/at-exit.ts";
import { onlyThese } from "../options/only-these.ts";
import { readOptions } from "../options/read-options.ts";

// Everything that the table of docs/performance.md tells, and two more, one after the other, in an hour and a quarter. What each run prints goes
// into NAME.txt of --out, and its command, how it ended and how long it took into runs.txt. One that fails or takes too long
// keeps none of the others back. The machine has to be left alone meanwhile: figures are the machine's too.

const values = readOptions({
  out: { type: "string", default: "dist/bench" },
  only: { type: "string", multiple: true },
});

/** One command, and after how many minutes it is ended. */
type Step = { readonly name: string; readonly words: readonly string[]; readonly minutes: number };

const steps: Step[] = [
  { name: "dispatch", words: ["bench", "dispatch", "--rounds", "1", "--seconds", "2"], minutes: 20 },
  { name: "latency", words: ["bench", "latency", "--rounds", "1", "--rate", "200"], minutes: 15 },
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
  { name: "seeds", words: ["chaos", "--seeds", "1-4"], minutes: 20 },
];

const out = values.out;
const chosen = onlyThese(steps, values.only);
await mkdir(out, { recursive: true });
for (const { name, words, minutes } of chosen) {
  const beside = (await isQuiet()) ? "" : ", beside other work";
  const command = `bun run ${words.join(" ")}`;
  const startedAt = new Date();
  const [what = "", ...options] = words;
  const run = Bun.spawn([process.execPath, join(import.meta.dirname, `../${what}.ts`), ...options], {
    stdout: Bun.file(join(out, `${name}.txt`)),
    stderr: Bun.file(join(out, `${name}.err.txt`)),
    timeout: minutes * 60_000,
  });
  void run.exited.then(atExit(() => run.kill("SIGTERM")));
  const code = await run.exited;
  if (code !== 0) process.exitCode = 1;
  const took = ((Date.now() - startedAt.getTime()) / 60_000).toFixed(1);
  const end = run.signalCode === null ? `exit code ${code}` : `ended by ${run.signalCode}`;
  const line = `${startedAt.toISOString()}  ${command}: ${end}, ${took} min${beside}`;
  console.log(line);
  await appendFile(join(out, "runs.txt"), `${line}\n`);
}

/** Waits a while for the machine to come to rest after the last run; false where it does not: others are at work. */
async function isQuiet(): Promise<boolean> {
  const atRest = 0.95;
  for (let look = 0; look < 10; look++) {
    const before = times();
    await Bun.sleep(2_000);
    const after = times();
    if ((after.idle - before.idle) / (after.all - before.all) >= atRest) return true;
  }
  return false;
}

function times(): { readonly idle: number; readonly all: number } {
  const parts = cpus().map((core) => core.times);
  const all = parts.flatMap((core) => Object.values(core)).reduce((sum, part) => sum + part, 0);
  return { idle: parts.reduce((sum, { idle }) => sum + idle, 0), all };
}
