import { readNumber } from "../options/read-numbers.ts";
import { readOptions } from "../options/read-options.ts";
import { someOf } from "../options/some-of.ts";
import { withBenchServer } from "./host/bench-server.ts";
import { describeHost } from "./host/describe-host.ts";
import { sampleHead, sampleLine } from "./host/watch-queue.ts";
import { disturbances } from "./pressure/disturbances.ts";
import { measurePressure, type PressureFigures } from "./pressure/measure-pressure.ts";

// Jobs a second through HTTP from a queue that is kept full, before, during and after each disturbance, over those of a second
// queue, undisturbed, in the same half minute at the end of each phase. The two share the machine, so that either has half of it.

const values = readOptions({
  cases: { type: "string", default: Object.keys(disturbances).join(",") },
  minutes: { type: "string", default: "5" },
  every: { type: "string", default: "10" },
  "in-flight": { type: "string", default: "64" },
  short: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
});
const [rest, during, every] = values.short
  ? [10, 20, 5]
  : [60, readNumber("--minutes", values.minutes) * 60, readNumber("--every", values.every)];
const inFlight = readNumber("--in-flight", values["in-flight"]);
const goal = 0.9;

await using server = await withBenchServer();
const setup = {
  ...(await describeHost(server.admin)),
  inFlight,
  seconds: { before: rest, during, after: rest, every },
  goal,
};
const say = (line: string) => {
  if (!values.json) console.log(line);
};
say(Bun.inspect(setup));

type Figure = PressureFigures & { readonly case: string; readonly held: number; readonly recovered: number };
const figures: Figure[] = [];
for (const name of someOf("--cases", values.cases, Object.keys(disturbances))) {
  const disturbance = disturbances[name];
  if (disturbance === undefined) continue;
  say(`\n${disturbance.name}\n        ${sampleHead}   control/s`);
  const rates = await measurePressure(server, {
    disturbance,
    inFlight,
    before: rest,
    during,
    after: rest,
    every,
    onSample: (phase, sample) =>
      say(`${phase.padEnd(8)}${sampleLine(sample)}${sample.controlPerSecond.toFixed(0).padStart(12)}`),
  });
  const [held, recovered] = [rates.during / rates.before, rates.after / rates.before];
  figures.push({ case: disturbance.name, ...rates, held, recovered });
}

say(
  `\n${"of the undisturbed queue's rate".padEnd(42)}   before   during    after  during/before  after/before`,
);
for (const { case: name, before, during: amid, after, held, recovered } of figures) {
  const cells = [before, amid, after].map((ratio) => ratio.toFixed(2).padStart(9)).join("");
  const verdict = Math.min(held, recovered) < goal ? "  below the goal" : "";
  say(
    `${name.padEnd(42)}${cells}${held.toFixed(2).padStart(15)}${recovered.toFixed(2).padStart(14)}${verdict}`,
  );
}
if (values.json) console.log(JSON.stringify({ setup, figures }));
