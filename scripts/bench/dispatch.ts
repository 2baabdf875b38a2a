import { onlyThese } from "../options/only-these.ts";
import { readNumber, readNumbers } from "../options/read-numbers.ts";
import { readOptions } from "../options/read-options.ts";
import {
  batchedSql,
  type Contender,
  fetchWithHeaders,
  graphileNothing,
  type Measured,
  plainFetch,
  throughHttp,
} from "./dispatch/contenders.ts";
import { judgeGoals, type Verdict } from "./dispatch/goals.ts";
import { withBenchServer } from "./host/bench-server.ts";
import { dependencyVersions } from "./host/dependency-versions.ts";
import { describeHost } from "./host/describe-host.ts";
import { median } from "./host/percentile.ts";
import { nodeVersion } from "./host/run-under-node.ts";
import { startFunctionServer } from "./host/start-function-server.ts";
import { findQueues } from "./peers/find-queues.ts";

// Jobs a second from a full queue through HTTP to a function in its own process, beside the ceilings and the peers. Each
// contender takes its turn in each round, with so many jobs that a round lasts --seconds by its last one; the figure is the
// median of the rounds. CPU is in microseconds a job: of the contender's own process, of Postgres, and of the function.

const values = readOptions({
  "in-flight": { type: "string", default: "1,8,32,64,128" },
  rounds: { type: "string", default: "3" },
  seconds: { type: "string", default: "3" },
  count: { type: "string" },
  only: { type: "string", multiple: true },
  json: { type: "boolean", default: false },
});
const print = values.json ? () => {} : console.log;

await using server = await withBenchServer();
await using fn = await startFunctionServer();
await using fnThatCallsBack = await startFunctionServer("callback");
const { ours, graphile, pgBosses, published, absent } = await findQueues(server);
const all: Contender[] = [
  plainFetch,
  fetchWithHeaders,
  batchedSql,
  throughHttp(ours, 5000),
  ...graphile.map((queue) => throughHttp(queue, 1000)),
  ...(graphile.length > 1 ? [graphileNothing("Node")] : []),
  graphileNothing("Bun"),
  ...pgBosses.map((queue) => throughHttp(queue, 1000)),
  ...published.map((queue) => throughHttp(queue, 300)),
];
const contenders = onlyThese(all, values.only);

const setup = {
  ...(await describeHost(server.admin)),
  node: nodeVersion(),
  ...(await dependencyVersions("graphile-worker", "pg-boss")),
  rounds: readNumber("--rounds", values.rounds),
  ...(values.count === undefined
    ? { secondsEach: readNumber("--seconds", values.seconds) }
    : { count: readNumber("--count", values.count) }),
  absent,
};
print(setup);

const figures: object[] = [];
const verdicts: Verdict[] = [];
for (const inFlight of readNumbers("--in-flight", values["in-flight"])) {
  const measured = new Map<string, Measured[]>(contenders.map(({ name }) => [name, []]));
  // The first round only finds out how many jobs the others need.
  for (let round = 0; round <= setup.rounds; round++) {
    for (const contender of contenders) {
      const result = await measureOnce(contender, inFlight, measured.get(contender.name)?.at(-1));
      measured.get(contender.name)?.push(result);
    }
  }
  const perSecond = new Map<string, number>();
  for (const [name, results] of measured) {
    const row = middleOf(inFlight, name, results.slice(1));
    perSecond.set(name, row.perSecond);
    figures.push(row);
    print(lineOf(row));
  }
  verdicts.push(...judgeGoals(inFlight, ours.name, perSecond));
}
for (const { inFlight, of, atLeast, ratio, isMet } of verdicts)
  print(
    `${String(inFlight).padStart(4)} in flight  ours / ${of.padEnd(36)} ${ratio.toFixed(2).padStart(7)}  goal ${atLeast}: ${isMet ? "met" : "not met"}`,
  );
if (values.json) console.log(JSON.stringify({ setup, figures, goals: verdicts }));

async function measureOnce(contender: Contender, inFlight: number, last: Measured | undefined) {
  await using database = await server.database();
  const called = contender.isCalledBack ? fnThatCallsBack : fn;
  await fetch(called.url, { method: "DELETE" });
  const isFirst = last === undefined;
  const aim = isFirst ? contender.guess / 2 : last.perSecond * readNumber("--seconds", values.seconds);
  const count = Math.ceil(values.count === undefined ? aim : readNumber("--count", values.count));
  return await contender.measure({ database, fn: called, count, inFlight });
}

function middleOf(inFlight: number, name: string, results: readonly Measured[]) {
  const middle = (of: (result: Measured) => number) => Math.round(median(results.map(of)));
  return {
    inFlight,
    name,
    perSecond: middle((result) => result.perSecond),
    cpu: {
      own: middle((result) => result.programCpu),
      postgres: middle((result) => result.postgresCpu),
      function: middle((result) => result.functionCpu),
    },
    writes: results.at(-1)?.writes ?? null,
  };
}

function lineOf({ inFlight, name, perSecond, cpu, writes }: ReturnType<typeof middleOf>): string {
  const wrote =
    writes === null
      ? ""
      : `  a job: ${writes.walBytes} B of WAL, ${writes.transactions} transactions, ${writes.deadTuples} dead tuples`;
  return `${String(inFlight).padStart(4)} in flight  ${name.padEnd(36)} ${String(perSecond).padStart(7)}/s  CPU ${cpu.own} + ${cpu.postgres} + ${cpu.function} µs${wrote}`;
}
