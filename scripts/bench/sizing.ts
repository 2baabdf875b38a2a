import { onlyRow } from "../../db/client/connect.ts";
import { readNumber, readNumbers } from "../options/read-numbers.ts";
import { readOptions } from "../options/read-options.ts";
import { withBenchServer } from "./host/bench-server.ts";
import { describeHost } from "./host/describe-host.ts";
import { startFunctionServer } from "./host/start-function-server.ts";
import { sampleHead, sampleLine } from "./host/watch-queue.ts";
import { measureDrain } from "./sizing/measure-drain.ts";
import { measureSimulation, type Simulation } from "./sizing/measure-simulation.ts";
import { measureStorage, relationBytes } from "./sizing/measure-storage.ts";
import { rounded, sizingTable, tableOf } from "./sizing/print-sizing.ts";
import { sizeFor } from "./sizing/size-for.ts";

// What a job costs each part, and from that, what 1, 10 and 100 million jobs a day need. CPU a job is measured, which other work
// on the machine disturbs little, and not the rate. It is dearer the fewer jobs a claim and a write take along, so the need is
// computed from the cost at the rate of one replica whose requests are all in flight, and not from that of a full queue.
//
// --simulate runs a hundred million a day for real, for --seconds: at the day's
// average, and at the peak, which is --peak times that. Five is an assumption: that people sleep makes some two of it, and what
// falls on full hours the rest.

const values = readOptions({
  jobs: { type: "string", default: "100000" },
  single: { type: "string", default: "5000" },
  payload: { type: "string", default: "300" },
  "in-flight": { type: "string", default: "32" },
  "per-day": { type: "string", default: "1e6,1e7,1e8" },
  peak: { type: "string", default: "5" },
  "function-ms": { type: "string", default: "50" },
  busy: { type: "string", default: "0.5" },
  "backlog-hours": { type: "string", default: "4" },
  simulate: { type: "boolean", default: false },
  seconds: { type: "string", default: "60" },
  json: { type: "boolean", default: false },
});
const print = values.json ? () => {} : console.log;
const jobs = readNumber("--jobs", values.jobs);
const inFlight = readNumber("--in-flight", values["in-flight"]);
const demand = {
  peakFactor: readNumber("--peak", values.peak),
  functionMs: readNumber("--function-ms", values["function-ms"]),
  concurrency: inFlight,
  busyAtMost: readNumber("--busy", values.busy),
  backlogHours: readNumber("--backlog-hours", values["backlog-hours"]),
};
const perDays = readNumbers("--per-day", values["per-day"]);
const payload = JSON.stringify({
  n: 0,
  text: "x".repeat(Math.max(0, readNumber("--payload", values.payload) - 17)),
});

await using server = await withBenchServer();
const setup = { ...(await describeHost(server.admin)), jobs, payloadBytes: payload.length, ...demand };
print(setup);

await using fn = await startFunctionServer();
const plan = { single: readNumber("--single", values.single), waiting: jobs, payload };
await using dropped = await server.database();
const storage = await measureStorage(dropped, plan);
const drain = await measureDrain(dropped, { fn, inFlight });
await using kept = await server.database();
await measureStorage(kept, plan);
const keeping = await measureDrain(kept, { fn, inFlight, env: { JOBS_KEEP_COMPLETED: "1d" } });
const { count: keptJobs } = onlyRow(
  await kept.sql<{ count: number }[]>`select count(*)::integer as count from app_jobs.completed_jobs`,
);
const keptBytes = (await relationBytes(kept.sql, "app_jobs.completed_jobs")) / keptJobs;

const replicaRate = (inFlight * 1000) / demand.functionMs;
const paced = await measureSimulation(server, {
  perSecond: replicaRate,
  seconds: 15,
  every: 15,
  inFlight,
  onSample: () => {},
});
/** Enqueuing is counted apart; there it was in bulk. */
const pacedPostgresUs = paced.postgresUs - storage.bulkUs;
const pace = `${rounded(replicaRate)} jobs/s`;
const perCore = (us: number) => rounded(1e6 / us);
const figures = [
  ["figure", "a job", "a core can do, a second"],
  ["Postgres: enqueue, one a transaction, CPU µs", rounded(storage.singleUs), perCore(storage.singleUs)],
  ["Postgres: enqueue, a thousand a statement, CPU µs", rounded(storage.bulkUs), perCore(storage.bulkUs)],
  [`Postgres: claim to outcome, ${pace}, CPU µs`, rounded(pacedPostgresUs), perCore(pacedPostgresUs)],
  ["the same, full queue", rounded(drain.postgresUs), perCore(drain.postgresUs)],
  ["the same, full queue, completed jobs kept", rounded(keeping.postgresUs), perCore(keeping.postgresUs)],
  [`job service, ${pace}, CPU µs`, rounded(paced.serviceUs), perCore(paced.serviceUs)],
  ["the same, full queue", rounded(drain.serviceUs), perCore(drain.serviceUs)],
  ["a function that does nothing, CPU µs", rounded(drain.functionUs), perCore(drain.functionUs)],
  ["write-ahead log: enqueue, one a transaction, bytes", rounded(storage.singleWalBytes), ""],
  ["write-ahead log: enqueue, a thousand a statement, bytes", rounded(storage.bulkWalBytes), ""],
  ["write-ahead log: claim to outcome, bytes", rounded(drain.walBytes), ""],
  ["the same, completed jobs kept", rounded(keeping.walBytes), ""],
  ["dead rows, for vacuum", rounded(drain.deadTuples), ""],
  ["disk of a job that waits, bytes, or MB for a million", rounded(storage.waitingBytes), ""],
  ["disk of a completed job that is kept, bytes", rounded(keptBytes), ""],
];
print(`\n${tableOf(figures)}`);
print(
  `\na job service under load: ${rounded(drain.memoryMb)} MiB, ${drain.connections} connections to Postgres`,
);

const cost = {
  enqueueUs: storage.singleUs,
  postgresUs: pacedPostgresUs,
  serviceUs: paced.serviceUs,
  walBytes: storage.singleWalBytes + drain.walBytes,
  waitingBytes: storage.waitingBytes,
  keptBytes,
};
const sizings = perDays.map((perDay) => ({ perDay, ...sizeFor(cost, drain, { ...demand, perDay }) }));
print(
  `\nat ${values.peak} × the average in the busiest minutes, functions that take ${values["function-ms"]} ms, JOBS_CONCURRENCY ${inFlight},\n` +
    `cores ${demand.busyAtMost * 100} % busy at the peak, each job enqueued on its own, ${values["backlog-hours"]} hours of backlog:\n\n${sizingTable(sizings)}`,
);

print(
  "Log is counted right after a checkpoint, when each page is logged whole: the dearer case. Keeping completed jobs is not in it.",
);

const simulations: Simulation[] = [];
if (values.simulate) {
  const average = 1e8 / 86_400;
  const seconds = readNumber("--seconds", values.seconds);
  for (const perSecond of [average, average * demand.peakFactor]) {
    print(`\na hundred million a day: ${rounded(perSecond)} jobs/s for ${seconds} s\n${sampleHead}`);
    const simulation = await measureSimulation(server, {
      perSecond,
      seconds,
      every: Math.max(1, seconds / 12),
      inFlight,
      onSample: (sample) => print(sampleLine(sample)),
    });
    simulations.push(simulation);
    print(
      `held ${(simulation.held * 100).toFixed(1)} % of the rate; a job: ${rounded(simulation.serviceUs)} µs of the worker, ${rounded(simulation.postgresUs)} of Postgres, ${rounded(simulation.walBytes)} bytes of log, enqueuing by the batch included`,
    );
  }
}
if (values.json)
  console.log(JSON.stringify({ setup, storage, drain, keeping, keptBytes, paced, sizings, simulations }));
