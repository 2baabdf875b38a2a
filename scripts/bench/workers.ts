import { readNumber, readNumbers } from "../options/read-numbers.ts";
import { readOptions } from "../options/read-options.ts";
import { withBenchServer } from "./host/bench-server.ts";
import { describeHost } from "./host/describe-host.ts";
import { median } from "./host/percentile.ts";
import { startFunctionServer } from "./host/start-function-server.ts";
import { measureWorkers } from "./workers/measure-workers.ts";

// Jobs a second of 1, 2 and 4 worker processes on one database, each with the same number of requests in flight, for a function
// that answers at once and for one that takes a while. Beside the ratio to one worker stands how busy the whole machine was:
// throughput grows with the workers until that is full. The worker counts take turns in each round; figures are medians.

const values = readOptions({
  workers: { type: "string", default: "1,2,4" },
  "in-flight": { type: "string", default: "16" },
  "wait-ms": { type: "string", default: "0,20" },
  seconds: { type: "string", default: "4" },
  rounds: { type: "string", default: "3" },
  json: { type: "boolean", default: false },
});
const counts = readNumbers("--workers", values.workers);
const inFlight = readNumber("--in-flight", values["in-flight"]);
const seconds = readNumber("--seconds", values.seconds);

/** What one worker moves at most, in jobs a second, so that a measurement lasts about `seconds`; of a quick function, a guess. */
const expected = (waitMs: number) => Math.min(5_000, (inFlight * 1000) / Math.max(1, waitMs));

await using server = await withBenchServer();
const setup = {
  ...(await describeHost(server.admin)),
  inFlight,
  seconds,
  rounds: readNumber("--rounds", values.rounds),
};
if (!values.json) console.log(setup);

const figures = [];
for (const waitMs of readNumbers("--wait-ms", values["wait-ms"])) {
  await using fn = await startFunctionServer(`wait=${waitMs}`);
  const measured = new Map(
    counts.map((workers) => [workers, { rates: [] as number[], busy: [] as number[] }]),
  );
  for (let round = 0; round < setup.rounds; round++) {
    for (const [workers, { rates, busy }] of measured) {
      await using database = await server.database();
      const jobs = Math.round(expected(waitMs) * (waitMs === 0 ? 1 : workers) * seconds);
      const one = await measureWorkers({ database, functionUrl: fn.url, workers, inFlight, jobs });
      rates.push(one.perSecond);
      busy.push(one.busy);
    }
  }
  const first = median(measured.get(counts[0] ?? 1)?.rates ?? []);
  for (const [workers, { rates, busy }] of measured) {
    const perSecond = Math.round(median(rates));
    const ratio = Number((perSecond / first).toFixed(2));
    const row = { waitMs, workers, perSecond, ratio, machineBusy: Number(median(busy).toFixed(2)) };
    figures.push(row);
    if (!values.json)
      console.log(
        `function of ${String(waitMs).padStart(2)} ms  ${workers} × ${inFlight} in flight  ${String(perSecond).padStart(6)}/s  ` +
          `${ratio.toFixed(2)} of ${counts[0]} worker's  machine ${Math.round(row.machineBusy * 100)} % busy`,
      );
  }
}
if (values.json) console.log(JSON.stringify({ setup, figures }));
