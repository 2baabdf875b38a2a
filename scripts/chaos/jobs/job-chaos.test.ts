import { expect, test } from "bun:test";
import { disturbances, publicScenarios } from "./disturbances.ts";
import { type JobChaosOptions, runJobChaos } from "./job-chaos.ts";

const short = { workers: 3, concurrency: 8, leaseSeconds: 3, rounds: 1 } as const;
const worst: JobChaosOptions["names"] = [
  "postgres-restart",
  "crash-recovery",
  "worker-frozen",
  "enqueue-cut",
  "callback-server-killed",
  "repeated-kills",
];

// The long form, 100,000 jobs and every disturbance: bun run chaos.
test("500 jobs all end once and in order while workers die and freeze, Postgres crashes and callbacks are lost", async () => {
  const report = await runJobChaos({ ...short, jobs: 500, seed: 4, temper: "all", names: worst });
  expect(report.broken).toEqual([]);
  expect(report.jobs + report.unanswered.lost).toBe(500);
  expect(report.recovery.jobs).toBeGreaterThan(0);
}, 120_000);

test("400 jobs are called once each while all workers are replaced by SIGTERM, one after the other", async () => {
  const report = await runJobChaos({
    ...short,
    jobs: 400,
    seed: 5,
    temper: "plain",
    leaseSeconds: 30,
    names: ["rolling-restart"],
  });
  expect(report.broken).toEqual([]);
  expect(report.repeats).toEqual({});
  expect(report.jobs).toBe(400);
}, 120_000);

test("each scenario of the public comparison is there", () => {
  expect(Object.keys(disturbances)).toEqual(expect.arrayContaining([...publicScenarios]));
});
