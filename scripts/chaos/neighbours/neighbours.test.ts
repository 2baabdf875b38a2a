import { expect, test } from "bun:test";
import { createTools, type Neighbour } from "./neighbour.ts";
import { neighbourNames, neighbours } from "./neighbours.ts";
import { neighbourLine } from "./print-neighbours.ts";
import { type NeighbourReport, runNeighbours } from "./run-neighbours.ts";
import { startSite } from "./site.ts";

// The long form, all of them with their real numbers: bun run chaos neighbours.
test("innocent jobs are measured beside a neighbour, and all of them start", async () => {
  const told: NeighbourReport[] = [];
  const reports = await runNeighbours({
    names: ["unsupported-1e5"],
    perSecond: 40,
    undisturbedSeconds: 0.5,
    disturbedSeconds: 1,
    scale: 0.001,
    tell: (report) => told.push(report),
  });
  expect(told).toEqual(reports);
  for (const report of reports) {
    expect(report).toMatchObject({ fault: null, judgement: { missing: 0 } });
    expect(report.judgement?.disturbed.startMs).toBeGreaterThan(0);
    expect(report.judgement?.disturbed.enqueueMs).toBeGreaterThan(0);
    expect(neighbourLine(report)).toContain(report.isMet ? "  met" : "  not met");
  }
}, 240_000);

test("every neighbour begins and ends", async () => {
  await using site = await startSite();
  for (const env of new Set(neighbourNames.map((name) => envOf(neighbours[name])))) {
    await using house = await site.open(env);
    for (const name of neighbourNames.filter((one) => envOf(neighbours[one]) === env)) {
      await using tools = await createTools(house, 0.0005);
      await neighbours[name].begin(tools);
      await tools[Symbol.asyncDispose]();
      await house.database.sql.unsafe(emptied);
      expect(house.fallen()).toBeNull();
    }
  }
}, 240_000);

const envOf = (neighbour: Neighbour) => neighbour.env;

const emptied = `
  truncate app_jobs.jobs, app_jobs.dead_jobs, app_jobs.scheduled_jobs;
  drop function if exists public.refuse_death, public.refuse_tick cascade`;
