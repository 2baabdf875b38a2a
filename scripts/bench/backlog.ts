import { readNumber } from "../options/read-numbers.ts";
import { readOptions } from "../options/read-options.ts";
import { someOf } from "../options/some-of.ts";
import { type BacklogCase, backlogCases } from "./backlog/backlog-cases.ts";
import { measureClaims, measureEmptyPolls } from "./backlog/measure-claims.ts";
import { measureDispatch } from "./backlog/measure-dispatch.ts";
import { type BenchDatabase, withBenchServer } from "./host/bench-server.ts";
import { describeHost } from "./host/describe-host.ts";
import { median } from "./host/percentile.ts";
import { startFunctionServer } from "./host/start-function-server.ts";

// What claims, polls and dispatch cost with much in the table, as a ratio to the same in a table that holds the load alone.
// Both tables are there throughout; each round measures the one, the other, and the one again, and the ratio is the median.

const values = readOptions({
  cases: {
    type: "string",
    default: Object.keys(backlogCases)
      .filter((name) => name !== "ready-1e7")
      .join(","),
  },
  huge: { type: "boolean", default: false },
  rounds: { type: "string", default: "5" },
  seconds: { type: "string", default: "1" },
  count: { type: "string", default: "10000" },
  "in-flight": { type: "string", default: "64" },
  short: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
});
const names = [
  ...someOf("--cases", values.cases, Object.keys(backlogCases)),
  ...(values.huge ? ["ready-1e7"] : []),
];
const rounds = values.short ? 2 : readNumber("--rounds", values.rounds);
const seconds = values.short ? 0.5 : readNumber("--seconds", values.seconds);
const [count, inFlight] = [
  readNumber("--count", values.count),
  readNumber("--in-flight", values["in-flight"]),
];
const goal = 0.9;

await using server = await withBenchServer();
await using fn = await startFunctionServer();
const setup = { ...(await describeHost(server.admin)), rounds, seconds, count, inFlight, goal };
const say = (line: string) => {
  if (!values.json) console.log(line);
};
say(Bun.inspect(setup));

type Figure = {
  readonly case: string;
  readonly what: string;
  readonly base: number;
  readonly loaded: number;
  readonly ratio: number;
};
const figures: Figure[] = [];

/** Measures both in turn, the base before and after, and keeps the median of the ratios. Higher is better. */
async function compare(
  what: string,
  stage: Stage,
  measure: (database: BenchDatabase, isSerial: boolean) => Promise<number>,
) {
  const rows: { base: number; loaded: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = await measure(stage.base, false);
    const loaded = await measure(stage.loaded, stage.isSerial);
    const after = await measure(stage.base, false);
    rows.push({ base: (before + after) / 2, loaded });
  }
  const ratio = median(rows.map((row) => row.loaded / row.base));
  const figure = {
    case: stage.name,
    what,
    base: median(rows.map((row) => row.base)),
    loaded: median(rows.map((row) => row.loaded)),
    ratio,
  };
  figures.push(figure);
  say(
    `${stage.name.padEnd(50)} ${what.padEnd(22)} ${figure.base.toFixed(0).padStart(8)} ${figure.loaded.toFixed(0).padStart(8)}  ${ratio.toFixed(2)}${ratio < goal ? "  below the goal" : ""}`,
  );
}

type Stage = BacklogCase & { readonly base: BenchDatabase; readonly loaded: BenchDatabase };

async function measureCase(backlog: BacklogCase): Promise<void> {
  await using base = await server.database();
  await using loaded = await server.database();
  await backlog.load(loaded.sql);
  for (const { sql } of [base, loaded]) await sql`vacuum analyze app_jobs.jobs, app_jobs.job_queues`;
  const stage = { ...backlog, base, loaded };
  if (backlog.nothingDue)
    await compare("empty polls/s", stage, async (database) => 1000 / (await measureEmptyPolls(database)));
  await compare("claim and complete/s", stage, (database, isSerial) =>
    measureClaims(database, { seconds, isSerial }),
  );
  await compare("dispatch/s", stage, (database, isSerial) =>
    measureDispatch(database, { fn, count, inFlight, isSerial }),
  );
}

say(`${"".padEnd(50)} ${"".padEnd(22)} ${"alone".padStart(8)} ${"beside".padStart(8)}  ratio`);
for (const name of names) {
  const backlog = backlogCases[name];
  if (backlog !== undefined) await measureCase(backlog);
}
if (values.json) console.log(JSON.stringify({ setup, figures }));
