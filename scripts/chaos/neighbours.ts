import { appendFileSync } from "node:fs";
import { exitOnSignal } from "../options/exit-on-signal.ts";
import { readNumber } from "../options/read-numbers.ts";
import { readOptions } from "../options/read-options.ts";
import { someOf } from "../options/some-of.ts";
import { neighbourNames } from "./neighbours/neighbours.ts";
import { neighbourHead, neighbourLine } from "./neighbours/print-neighbours.ts";
import { runNeighbours } from "./neighbours/run-neighbours.ts";

// `bun run chaos neighbours [--only NAME,NAME] [--per-second 50] [--seconds 6] [--undisturbed 3] [--scale 1] [--out FILE]`: noisy
// neighbours of every sort beside innocent jobs, whose start delay and enqueuing have a bound.

exitOnSignal();
const values = readOptions({
  only: { type: "string" },
  "per-second": { type: "string", default: "50" },
  seconds: { type: "string", default: "6" },
  undisturbed: { type: "string", default: "3" },
  scale: { type: "string", default: "1" },
  out: { type: "string" },
});

console.log(neighbourHead);
const reports = await runNeighbours({
  names: values.only === undefined ? neighbourNames : someOf("--only", values.only, neighbourNames),
  perSecond: readNumber("--per-second", values["per-second"]),
  disturbedSeconds: readNumber("--seconds", values.seconds),
  undisturbedSeconds: readNumber("--undisturbed", values.undisturbed),
  scale: readNumber("--scale", values.scale),
  tell: (report) => {
    console.log(neighbourLine(report));
    if (values.out !== undefined) appendFileSync(values.out, `${JSON.stringify(report)}\n`);
  },
});
const failed = reports.filter(({ isMet }) => !isMet);
console.log(`${reports.length - failed.length} of ${reports.length} met`);
for (const { name, does } of failed) console.log(`  not met: ${name}: ${does}`);
if (failed.length > 0) process.exitCode = 1;
