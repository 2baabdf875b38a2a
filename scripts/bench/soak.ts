import { readNumber } from "../options/read-numbers.ts";
import { readOptions } from "../options/read-options.ts";
import { withBenchServer } from "./host/bench-server.ts";
import { describeHost } from "./host/describe-host.ts";
import { sampleHead, sampleLine } from "./host/watch-queue.ts";
import { judgeSoak } from "./soak/judge-soak.ts";
import { measureSoak } from "./soak/measure-soak.ts";

// Minutes at 80 % of what one worker can do, as a line over time, and whether it stays flat: the last third beside the second.

const values = readOptions({
  minutes: { type: "string", default: "10" },
  every: { type: "string", default: "10" },
  load: { type: "string", default: "0.8" },
  "in-flight": { type: "string", default: "64" },
  short: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
});
const plan = {
  seconds: values.short ? 30 : readNumber("--minutes", values.minutes) * 60,
  every: values.short ? 3 : readNumber("--every", values.every),
  load: readNumber("--load", values.load),
  inFlight: readNumber("--in-flight", values["in-flight"]),
  maximumSeconds: values.short ? 5 : 30,
};

await using server = await withBenchServer();
const setup = { ...(await describeHost(server.admin)), ...plan };
const say = (line: string) => {
  if (!values.json) console.log(line);
};
say(Bun.inspect(setup));

const soak = await measureSoak(server, {
  ...plan,
  onMaximum: (perSecond) =>
    say(`\nat most ${perSecond.toFixed(0)} jobs/s; soaked in ${plan.load} of that\n${sampleHead}`),
  onSample: (sample) => say(sampleLine(sample)),
});
const verdicts = judgeSoak(soak.samples);

say(`\n${"".padEnd(16)}${"second third".padStart(14)}${"last third".padStart(14)}${"ratio".padStart(8)}`);
for (const { what, earlier, later, ratio, isFlat } of verdicts)
  say(
    `${what.padEnd(16)}${earlier.toFixed(1).padStart(14)}${later.toFixed(1).padStart(14)}${ratio.toFixed(2).padStart(8)}  ${isFlat ? "flat" : "not flat"}`,
  );
say(verdicts.every(({ isFlat }) => isFlat) ? "flat" : "not flat");
if (values.json)
  console.log(JSON.stringify({ setup, maximum: soak.maximum, samples: soak.samples, verdicts }));
