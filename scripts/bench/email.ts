import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { measureBundles } from "./email/measure-bundles.ts";
import { measureMails } from "./email/measure-mails.ts";
import { measureStarts } from "./email/measure-starts.ts";

// What a mail costs against compiling MJML for each, how large the edge workers are, and how soon a process gives its first answer.

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "300" },
    starts: { type: "string", default: "15" },
    json: { type: "boolean", default: false },
  },
});
const cores = cpus();
const host = { cpu: `${cores.length} × ${cores[0]?.model.trim() || "unknown"}`, bun: Bun.version };
const mails = await measureMails(Number(values.rounds));
const bundles = await measureBundles();
const starts = await measureStarts(Number(values.starts));

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
      worst: round(ms.worstMs),
    })),
  );
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
