import { join } from "node:path";
import { readNumber, readNumbers } from "../options/read-numbers.ts";
import { readOptions } from "../options/read-options.ts";
import { type ClaimFigures, fill, measureClaims } from "./flow/measure-claims.ts";
import { scenarios } from "./flow/scenarios.ts";
import { type BenchDatabase, withBenchServer } from "./host/bench-server.ts";
import { describeHost } from "./host/describe-host.ts";
import { median } from "./host/percentile.ts";

// What flow control would cost a claim, by the prototype flow/flow.sql: limits, fair shares between 10,000 tenants of which
// one holds a million jobs, pause, rates; each beside the same claims without limits, in turns; figures are medians.

const values = readOptions({
  short: { type: "boolean", default: false },
  tenants: { type: "string", default: "10000" },
  claimed: { type: "string", default: "20000" },
  connections: { type: "string", default: "1,4" },
  rounds: { type: "string", default: "1" },
  json: { type: "boolean", default: false },
});
const plan = {
  tenants: readNumber("--tenants", values.tenants),
  largeJobs: values.short ? 100_000 : 1_000_000,
  smallJobs: 30,
  claimed: readNumber("--claimed", values.claimed),
  batch: 100,
};
const widths = readNumbers("--connections", values.connections);
const rounds = readNumber("--rounds", values.rounds);

await using server = await withBenchServer();
const host = await describeHost(server.admin);
const setup = { ...host, ...plan, rounds };
if (!values.json) console.log(setup);

// Scenarios that differ in rules alone share a database, since filling one takes longer than measuring in it.
const databases = new Map<string, BenchDatabase>();
const measured = new Map<string, ClaimFigures[]>();
try {
  for (let round = 0; round < rounds; round++) {
    for (const connections of widths) {
      for (const scenario of scenarios) {
        const name = `${scenario.backlog} ${scenario.isCovered}`;
        const database = databases.get(name) ?? (await server.database());
        if (!databases.has(name)) {
          databases.set(name, database);
          await database.sql.unsafe(await Bun.file(join(import.meta.dirname, "flow/flow.sql")).text());
          await fill(database.sql, scenario, { ...plan, connections });
        }
        const figures = await measureClaims(scenario, { database, plan: { ...plan, connections } });
        const key = `${connections} ${scenario.name}`;
        measured.set(key, [...(measured.get(key) ?? []), figures]);
      }
    }
  }
} finally {
  for (const database of databases.values()) await database[Symbol.asyncDispose]();
}

const figures = widths.flatMap((connections) => {
  const all = (name = "") => measured.get(`${connections} ${name}`) ?? [];
  const of = (name: string | undefined, key: keyof ClaimFigures) => median(all(name).map((f) => f[key]));
  const bothUs = (name: string | undefined) => of(name, "claimUs") + of(name, "completeUs");
  return scenarios.map(({ name }) => ({
    connections,
    scenario: name,
    "jobs/s": Math.round(of(name, "perSecond")),
    "of no limits": Number((of(name, "perSecond") / of(scenarios[0]?.name, "perSecond")).toFixed(2)),
    "claim µs": Number(of(name, "claimUs").toFixed(1)),
    "complete µs": Number(of(name, "completeUs").toFixed(1)),
    "CPU, times": Number((bothUs(name) / bothUs(scenarios[0]?.name)).toFixed(2)),
    "enqueue µs": Number(of(name, "enqueueUs").toFixed(1)),
    "WAL B": Math.round(of(name, "walBytes")),
    "large tenant %": Number((100 * of(name, "largeShare")).toFixed(2)),
    "tenants served": of(name, "tenantsServed"),
    "most for one": of(name, "most"),
  }));
});
if (values.json) console.log(JSON.stringify({ setup, figures }));
else console.table(figures);
