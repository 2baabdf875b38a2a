import { onlyThese } from "../options/only-these.ts";
import { readNumber } from "../options/read-numbers.ts";
import { readOptions } from "../options/read-options.ts";
import { withBenchServer } from "./host/bench-server.ts";
import { dependencyVersions } from "./host/dependency-versions.ts";
import { describeHost } from "./host/describe-host.ts";
import { percentile } from "./host/percentile.ts";
import { nodeVersion } from "./host/run-under-node.ts";
import { startFunctionServer } from "./host/start-function-server.ts";
import { measureLatency, measureThroughput } from "./latency/measure-latency.ts";
import { findQueues } from "./peers/find-queues.ts";

// From the commit of an enqueue to the function's first byte: with one job at a time at random moments, and at half of what the
// same queue can take in and work off at once (or at --rate a second for all). Queues take turns; all rounds' jobs count.

const values = readOptions({
  samples: { type: "string", default: "1250" },
  seconds: { type: "string", default: "5" },
  rounds: { type: "string", default: "2" },
  rate: { type: "string" },
  only: { type: "string", multiple: true },
  json: { type: "boolean", default: false },
});
const print = values.json ? () => {} : console.log;
const goalMs = 2;

await using server = await withBenchServer();
await using fn = await startFunctionServer();
await using fnThatCallsBack = await startFunctionServer("callback");
const { ours, graphile, pgBosses, published, absent } = await findQueues(server);
const stages = onlyThese([ours, ...graphile, ...pgBosses, ...published], values.only).map((queue) => ({
  server,
  queue,
  fn: queue.isCalledBack ? fnThatCallsBack : fn,
}));
const rounds = readNumber("--rounds", values.rounds);
const seconds = readNumber("--seconds", values.seconds);
const setup = {
  ...(await describeHost(server.admin)),
  node: nodeVersion(),
  ...(await dependencyVersions("graphile-worker", "pg-boss")),
  idleSamples: readNumber("--samples", values.samples),
  loadSeconds: seconds,
  rounds,
  absent,
};
print(setup);

const figures: Figure[] = [];
await measureAll("idle", async () => 0);
await measureAll("load", async (stage) =>
  values.rate === undefined ? (await measureThroughput(stage, 3)) / 2 : readNumber("--rate", values.rate),
);
const goals = judge();
for (const { goal, isMet } of goals) print(`${goal}: ${isMet ? "met" : "not met"}`);
if (values.json) console.log(JSON.stringify({ setup, figures, goals }));

type Mode = "idle" | "load";
type Figure = {
  readonly mode: Mode;
  readonly name: string;
  readonly perSecond: number;
  readonly jobs: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
};

async function measureAll(mode: Mode, rateOf: (stage: (typeof stages)[number]) => Promise<number>) {
  const waits = new Map<string, { rate: number; ms: number[] }>();
  for (let round = 0; round < rounds; round++)
    for (const stage of stages) {
      const { name } = stage.queue;
      const so = waits.get(name) ?? { rate: await rateOf(stage), ms: [] };
      const count = Math.ceil(so.rate === 0 ? setup.idleSamples / rounds : so.rate * seconds);
      so.ms.push(...(await measureLatency(stage, count, so.rate)));
      waits.set(name, so);
    }
  for (const [name, { rate, ms }] of waits) {
    const at = (share: number) => Number(percentile(ms, share).toFixed(2));
    const row = {
      mode,
      name,
      perSecond: Math.round(rate),
      jobs: ms.length,
      p50: at(0.5),
      p99: at(0.99),
      p999: at(0.999),
    };
    figures.push(row);
    const pace = mode === "idle" ? "one at a time" : `${row.perSecond}/s`;
    print(
      `${pace.padEnd(14)} ${name.padEnd(36)} p50 ${row.p50.toFixed(2).padStart(8)}  p99 ${row.p99.toFixed(2).padStart(8)}  p99.9 ${row.p999.toFixed(2).padStart(8)} ms  of ${row.jobs} jobs`,
    );
  }
}

function judge() {
  const own = (mode: Mode) => figures.find((row) => row.mode === mode && row.name === ours.name);
  const idle = own("idle");
  if (idle === undefined) return [];
  const peers = figures.filter(({ name }) => name !== ours.name);
  const below = (["idle", "load"] as const).flatMap((mode) => {
    const rows = peers.filter((row) => row.mode === mode);
    return (["p50", "p99", "p999"] as const).flatMap((rank) => {
      if (rows.length === 0) return [];
      const isMet = rows.every((row) => (own(mode)?.[rank] ?? Number.NaN) < row[rank]);
      return [{ goal: `${mode}, ${rank} below every peer's`, isMet }];
    });
  });
  return [{ goal: `idle, p50 at most ${goalMs} ms`, isMet: idle.p50 <= goalMs }, ...below];
}
