import { readNumber, readNumbers } from "../options/read-numbers.ts";
import { readOptions } from "../options/read-options.ts";
import { withBenchServer } from "./host/bench-server.ts";
import { describeHost } from "./host/describe-host.ts";
import { median } from "./host/percentile.ts";
import { type LifeFigures, measureLife } from "./storage/measure-life.ts";
import { measurePressure, type PressureFigures } from "./storage/measure-pressure.ts";
import { shapes } from "./storage/shapes.ts";

// What a job costs Postgres in each way of storing it, and what a snapshot held open elsewhere does to it. Each shape takes
// its turn in each round; figures are medians. The prototypes are scripts/bench/storage/*.sql.

const values = readOptions({
  jobs: { type: "string", default: "10000" },
  connections: { type: "string", default: "1,4" },
  rounds: { type: "string", default: "3" },
  held: { type: "string", default: "10" },
  payload: { type: "string", default: "200" },
  json: { type: "boolean", default: false },
});
const plan = {
  jobs: readNumber("--jobs", values.jobs),
  batch: 100,
  payload: JSON.stringify({ text: "x".repeat(readNumber("--payload", values.payload)) }),
};
const rounds = readNumber("--rounds", values.rounds);
const heldSeconds = readNumber("--held", values.held);

await using server = await withBenchServer();
const host = await describeHost(server.admin);
const setup = {
  ...host,
  jobs: plan.jobs,
  batch: plan.batch,
  payloadBytes: plan.payload.length,
  rounds,
  heldSeconds,
};
if (!values.json) console.log(setup);

const life: Record<string, unknown>[] = [];
for (const connections of readNumbers("--connections", values.connections)) {
  const measured = new Map<string, LifeFigures[]>(shapes.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const shape of shapes) {
      await using database = await server.database();
      await server.admin`checkpoint`;
      measured.get(shape.name)?.push(await measureLife(shape, { database, plan: { ...plan, connections } }));
    }
  }
  const base = median((measured.get(shapes[0]?.name ?? "") ?? []).map((figures) => figures.perSecond));
  for (const [shape, all] of measured) {
    const of = (key: keyof LifeFigures, digits = 1) => Number(median(all.map((f) => f[key])).toFixed(digits));
    life.push({
      connections,
      shape,
      "jobs/s": of("perSecond", 0),
      "of (a)": Number((of("perSecond", 3) / base).toFixed(2)),
      "server µs": of("serverUs"),
      "claim µs": of("claimUs"),
      "complete µs": of("completeUs"),
      "bulk µs": of("bulkUs"),
      "single µs": of("singleUs", 0),
      "enqueue WAL B": of("enqueueWalBytes", 0),
      "WAL B": of("walBytes", 0),
      tx: of("transactions", 3),
      "dead rows": of("deadRows", 2),
    });
  }
}
if (!values.json) console.table(life);

const pressure: ({ shape: string } & PressureFigures)[] = [];
for (const shape of heldSeconds === 0 ? [] : shapes) {
  await using database = await server.database();
  const figures = await measurePressure(shape, {
    database,
    plan: { ...plan, connections: 2, backlog: plan.jobs, heldSeconds, windowSeconds: 2 },
  });
  pressure.push({ shape: shape.name, ...figures });
}
if (values.json) console.log(JSON.stringify({ setup, life, pressure }));
else
  console.table(
    pressure.map((row) => ({
      shape: row.shape,
      "before/s": Math.round(row.beforePerSecond),
      [`after ${heldSeconds} s held/s`]: Math.round(row.heldPerSecond),
      "of before": Number(row.heldOfBefore.toFixed(2)),
      "CPU of a claim, times": Number(row.claimTimes.toFixed(2)),
    })),
  );
