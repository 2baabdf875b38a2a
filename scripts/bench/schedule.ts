import { readNumber, readNumbers } from "../options/read-numbers.ts";
import { readOptions } from "../options/read-options.ts";
import { withBenchServer } from "./host/bench-server.ts";
import { describeHost } from "./host/describe-host.ts";
import { measureSchedules, type ScheduleFigures } from "./schedule/measure-schedules.ts";

// How late ticks are, and what a scheduler costs, with few and with many schedules, of which 1 % are due each minute.

const values = readOptions({
  counts: { type: "string", default: "100,10000,100000" },
  minutes: { type: "string", default: "3" },
  idle: { type: "string", default: "30" },
  json: { type: "boolean", default: false },
});
const counts = readNumbers("--counts", values.counts);
const plan = {
  minutes: readNumber("--minutes", values.minutes),
  idleSeconds: readNumber("--idle", values.idle),
};

await using server = await withBenchServer();
const host = await describeHost(server.admin);
const say = (line: string) => {
  if (!values.json) console.log(line);
};
say(
  `${host.cpu}, Bun ${host.bun}, Postgres ${host.postgres} with fsync, one scheduler, ${plan.minutes} minutes each`,
);

const figures: ScheduleFigures[] = [];
for (const count of counts) {
  await using database = await server.database();
  const measured = await measureSchedules(database, { ...plan, count });
  figures.push(measured);
  if (!values.json) console.table([measured]);
}
if (values.json) console.log(JSON.stringify({ host, plan, figures }));
else console.table(figures);
