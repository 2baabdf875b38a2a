import { cpus } from "node:os";
import { readNumber } from "../options/read-numbers.ts";
import { readOptions } from "../options/read-options.ts";
import { measureBundles } from "./email/measure-bundles.ts";
import { measureMails } from "./email/measure-mails.ts";
import { measureStarts } from "./email/measure-starts.ts";

// What a mail costs against compiling MJML for each, how large the edge workers are, and how soon a process gives its first answer.

const values = readOptions({
  rounds: { type: "string", default: "300" },
  starts: { type: "string", default: "15" },
  json: { type: "boolean", default: false },
});
const cores = cpus();
const host = { cpu: `${cores.length} × ${cores[0]?.model.trim() || "unknown"}`, bun: Bun.version };
const mails = await measureMails(readNumber("--rounds", values.rounds));
const bundles = await measureBundles();
const starts = await measureStarts(readNumber("--starts", values.starts));

if (values.json) console.log(JSON.stringify({ host, mails, bundles, starts }));
else {
  console.log(`${host.cpu}, Bun ${host.bun}; ${values.rounds} rounds, ${values.starts} starts`);
  console.table(
    mails.map(({ way, microseconds, times }) => ({
      way,
      "µs a mail": round(microseconds),
      "× ours": round(times),
    })),
  );
  console.table(bundles);
  console.table(
    starts.map(({ runtime, ...ms }) => ({
      runtime,
      best: round(ms.bestMs),
      median: round(ms.medianMs),
      "90 %": round(ms.p90Ms),
    })),
  );
  printGoals();
}

/** Says of each goal what came of it. */
function printGoals(): void {
  const browser = mails.find(({ way }) => way.startsWith("mjml-browser"))?.times ?? 0;
  const largest = Math.max(
    ...bundles.filter(({ worker }) => !worker.startsWith("(")).map(({ gzip }) => gzip),
  );
  const first = starts[0]?.medianMs ?? Number.POSITIVE_INFINITY;
  const goals: [string, boolean][] = [
    [`100 × quicker than mjml-browser per mail: ${round(browser)} ×`, browser >= 100],
    [`An edge bundle of 100,000 bytes gzip at most: ${largest}`, largest <= 100_000],
    [`A first answer of the container within 20 ms: ${round(first)} ms (median)`, first <= 20],
  ];
  for (const [goal, isMet] of goals) console.log(`${isMet ? "met" : "NOT MET"}  ${goal}`);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
