import { expect, test } from "bun:test";
import { disturbances } from "./disturbances.ts";
import { type JobChaosOptions, runJobChaos } from "./job-chaos.ts";

const names: JobChaosOptions["names"] = [
  "postgres-restart",
  "crash-recovery",
  "worker-frozen",
  "connections-cut",
  "backends-terminated",
  "repeated-kills",
];

// The long form, 100,000 jobs and every disturbance: bun run chaos.
test("500 jobs all end once and in order while workers die and freeze and Postgres crashes", async () => {
  const report = await runJobChaos({ jobs: 500, seed: 4, workers: 3, leaseSeconds: 3, names, rounds: 1 });
  expect(report.broken).toEqual([]);
  expect(report.calls).toBeGreaterThanOrEqual(500);
  expect(Object.keys(report.disturbances).toSorted()).toEqual(names.toSorted());
  expect(Object.keys(disturbances)).toEqual(expect.arrayContaining([...names]));
}, 60_000);
