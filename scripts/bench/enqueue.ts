import { onlyThese } from "../options/only-these.ts";
import { readNumber, readNumbers } from "../options/read-numbers.ts";
import { readOptions } from "../options/read-options.ts";
import { someOf } from "../options/some-of.ts";
import { type EnqueueCase, measureEnqueue } from "./enqueue/measure-enqueue.ts";
import { plainInsert } from "./enqueue/plain-insert.ts";
import { withBenchServer } from "./host/bench-server.ts";
import { dependencyVersions } from "./host/dependency-versions.ts";
import { describeHost } from "./host/describe-host.ts";
import { median } from "./host/percentile.ts";
import { findQueues } from "./peers/find-queues.ts";

// Jobs enqueued a second, one and a thousand a statement, beside a plain INSERT into a table of the same shape without trigger,
// while a worker looks by itself and while it sleeps and has to be notified. One client process drives every contender by the
// statement that the contender's own library sends; its share of a core tells whether it was the limit.

const values = readOptions({
  connections: { type: "string", default: "1,4,16,64" },
  batch: { type: "string", default: "1,1000" },
  worker: { type: "string", default: "awake,asleep" },
  rounds: { type: "string", default: "3" },
  seconds: { type: "string", default: "2.5" },
  only: { type: "string", multiple: true },
  json: { type: "boolean", default: false },
});
const print = values.json ? () => {} : console.log;
const goal = 0.9;

await using server = await withBenchServer();
const { ours, graphile, pgBosses, published, absent } = await findQueues(server);
const queues = onlyThese(
  [plainInsert, ours, ...graphile.slice(0, 1), ...pgBosses.slice(0, 1), ...published],
  values.only,
);
const setup = {
  ...(await describeHost(server.admin)),
  ...(await dependencyVersions("graphile-worker", "pg-boss")),
  rounds: readNumber("--rounds", values.rounds),
  secondsEach: readNumber("--seconds", values.seconds),
  absent,
};
print(setup);

const figures: object[] = [];
const seconds = setup.secondsEach;
for (const batch of readNumbers("--batch", values.batch))
  for (const worker of someOf("--worker", values.worker, ["awake", "asleep"] as const))
    for (const connections of readNumbers("--connections", values.connections))
      await measureAll({ batch, worker, connections, seconds });
if (values.json) console.log(JSON.stringify({ setup, goal, figures }));

async function measureAll(shared: Omit<EnqueueCase, "queue">): Promise<void> {
  const rates = new Map<string, { perSecond: number; clientCores: number; share: number }[]>();
  for (let round = 0; round < setup.rounds; round++) {
    let ceiling = Number.NaN;
    for (const queue of queues) {
      const rate = await measureEnqueue(server, { ...shared, queue });
      if (rate === null) continue;
      if (queue.name === plainInsert.name) ceiling = rate.perSecond;
      rates.set(queue.name, [...(rates.get(queue.name) ?? []), { ...rate, share: rate.perSecond / ceiling }]);
    }
  }
  for (const [name, measured] of rates) {
    const { batch, worker, connections } = shared;
    const perSecond = Math.round(median(measured.map((rate) => rate.perSecond)));
    const ofPlain = Number(median(measured.map((rate) => rate.share)).toFixed(2));
    const clientCores = Number(median(measured.map((rate) => rate.clientCores)).toFixed(2));
    figures.push({ batch, worker, connections, name, perSecond, ofPlain, clientCores });
    const verdict = name === ours.name ? `  goal ${goal}: ${ofPlain >= goal ? "met" : "not met"}` : "";
    // There is none where --only leaves the plain insert out.
    const share = Number.isNaN(ofPlain) ? "" : `${ofPlain.toFixed(2)} of plain insert${verdict}`;
    print(
      `${String(batch).padStart(4)} a statement  worker ${worker.padEnd(6)}  ${String(connections).padStart(2)} connections  ${name.padEnd(22)} ${String(perSecond).padStart(7)}/s  client ${clientCores} cores  ${share}`,
    );
  }
}
