import { readNumber, readNumbers } from "../options/read-numbers.ts";
import { readOptions } from "../options/read-options.ts";
import { withBenchServer } from "./host/bench-server.ts";
import { describeHost } from "./host/describe-host.ts";
import { median } from "./host/percentile.ts";
import { measureStep, type StepFigures, steps } from "./storage/measure-steps.ts";
import { measureWalk } from "./storage/measure-walk.ts";

// What would make claims and completions of the present storage cheaper, step by step: CPU of the connection per job, by
// the size of the batch. Each step takes its turn in each round; figures are medians. Then: what a claim of ten jobs costs
// when so many others were claimed since the last vacuum, by a look at everything and by one that starts where it left off.

const values = readOptions({
  jobs: { type: "string", default: "5000" },
  batches: { type: "string", default: "1,10,100" },
  rounds: { type: "string", default: "3" },
  payload: { type: "string", default: "200" },
  passed: { type: "string", default: "0,20000,100000,300000" },
  json: { type: "boolean", default: false },
});
const payload = JSON.stringify({ text: "x".repeat(readNumber("--payload", values.payload)) });
const rounds = readNumber("--rounds", values.rounds);

await using server = await withBenchServer();
const host = await describeHost(server.admin);
const setup = { ...host, jobs: readNumber("--jobs", values.jobs), payloadBytes: payload.length, rounds };
if (!values.json) console.log(setup);

const figures: Record<string, unknown>[] = [];
for (const batch of readNumbers("--batches", values.batches)) {
  const measured = new Map<string, StepFigures[]>(steps.map(({ name }) => [name, []]));
  const jobs = batch === 1 ? Math.round(setup.jobs / 10) : setup.jobs;
  for (let round = 0; round < rounds; round++) {
    for (const [n, { name }] of steps.entries()) {
      await using database = await server.database();
      await server.admin`checkpoint`;
      measured.get(name)?.push(await measureStep(n + 1, { database, jobs, batch, payload }));
    }
  }
  const of = (all: readonly StepFigures[], key: keyof StepFigures) => median(all.map((f) => f[key]));
  const bothUs = (all: readonly StepFigures[]) => of(all, "claimUs") + of(all, "completeUs");
  const base = bothUs(measured.get(steps[0]?.name ?? "") ?? []);
  for (const [step, all] of measured) {
    figures.push({
      batch,
      step,
      "claim µs": Number(of(all, "claimUs").toFixed(1)),
      "complete µs": Number(of(all, "completeUs").toFixed(1)),
      "of today": Number((bothUs(all) / base).toFixed(2)),
      "WAL B": Math.round(of(all, "walBytes")),
    });
  }
}
if (!values.json) console.table(figures);

await using database = await server.database();
const walk = await measureWalk(database, { marks: readNumbers("--passed", values.passed), payload });
if (values.json) console.log(JSON.stringify({ setup, figures, walk }));
else
  console.table(
    walk.map(({ passed, wholeUs, flooredUs }) => ({
      "claimed since vacuum": passed,
      "whole look µs": Math.round(wholeUs),
      "from where it left off µs": Math.round(flooredUs),
      times: Number((wholeUs / flooredUs).toFixed(2)),
    })),
  );
