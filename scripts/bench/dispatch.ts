import { parseArgs } from "node:util";
import { contenders } from "./dispatch/measure-rate.ts";
import { withBenchServer } from "./host/bench-server.ts";
import { dependencyVersions } from "./host/dependency-versions.ts";
import { describeHost } from "./host/describe-host.ts";
import { median } from "./host/percentile.ts";
import { runProgram } from "./host/run-program.ts";

// Jobs a second from a full queue through HTTP to a function in its own process, beside plain fetch to the same function and
// beside graphile-worker. Each contender takes its turn in each round; the figure is the median of the rounds.

const { values } = parseArgs({
  options: {
    "in-flight": { type: "string", default: "1,8,32,64,128" },
    count: { type: "string", default: "20000" },
    rounds: { type: "string", default: "3" },
    json: { type: "boolean", default: false },
  },
});
const count = Number(values.count);
const widths = values["in-flight"].split(",").map(Number);

await using server = await withBenchServer();
await using fn = runProgram("scripts/bench/host/function-server.ts", {});
const functionUrl = `http://127.0.0.1:${await fn.line(/^\d+$/)}`;
const host = await describeHost(server.admin);
const setup = {
  ...host,
  ...(await dependencyVersions("graphile-worker")),
  count,
  rounds: Number(values.rounds),
};
if (!values.json) console.log(setup);

const figures = [];
for (const inFlight of widths) {
  const rates = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < setup.rounds; round++) {
    for (const { name, measure } of contenders) {
      await using database = await server.database();
      await fetch(functionUrl, { method: "DELETE" });
      rates.get(name)?.push(await measure({ database, functionUrl, count, inFlight }));
    }
  }
  const ceiling = median(rates.get("plain fetch") ?? []);
  for (const [name, measured] of rates) {
    const perSecond = Math.round(median(measured));
    const row = { inFlight, name, perSecond, ofPlainFetch: Number((perSecond / ceiling).toFixed(2)) };
    figures.push(row);
    if (!values.json)
      console.log(
        `${String(inFlight).padStart(4)} in flight  ${name.padEnd(42)} ${String(perSecond).padStart(7)}/s  ${row.ofPlainFetch.toFixed(2)} of plain fetch`,
      );
  }
}
if (values.json) console.log(JSON.stringify({ setup, figures }));
