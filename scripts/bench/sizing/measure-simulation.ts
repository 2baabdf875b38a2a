import type { BenchServer } from "../host/bench-server.ts";
import { postgresCpuUs, processCpuUs } from "../host/count-cpu.ts";
import { countWrites } from "../host/count-writes.ts";
import { openLane } from "../host/open-lane.ts";
import type { Sample } from "../host/watch-queue.ts";

/** How to simulate. */
export type SimulationPlan = {
  readonly perSecond: number;
  readonly seconds: number;
  readonly every: number;
  readonly inFlight: number;
  readonly onSample: (sample: Sample) => void;
};

/** What a rate did to the queue. CPU is a job's, at that rate, the enqueuing included in Postgres's. */
export type Simulation = {
  readonly perSecond: number;
  /** Jobs that reached their function over those that came. */
  readonly held: number;
  readonly serviceUs: number;
  readonly postgresUs: number;
  /** Write-ahead log of a job, the enqueuing included. */
  readonly walBytes: number;
  readonly samples: readonly Sample[];
};

/** Enqueues at an even rate, every 50 ms, for so many seconds, and watches. */
export async function measureSimulation(server: BenchServer, plan: SimulationPlan): Promise<Simulation> {
  await using lane = await openLane(server, plan.inFlight);
  lane.setPace(0);
  while ((await lane.database.sql`select from app_jobs.jobs offset 1000 limit 1`).length > 0)
    await Bun.sleep(50);
  lane.setPace(plan.perSecond);
  await Bun.sleep(2_000);
  await lane.sample();
  const used = async () => ({
    service: await processCpuUs(lane.workerPid),
    postgres: await postgresCpuUs(server.admin),
    ...(await countWrites(lane.database)),
  });
  const before = await used();
  const samples: Sample[] = [];
  const startedAt = performance.now();
  let called = 0;
  let last = startedAt;
  for (let second = plan.every; second <= plan.seconds; second += plan.every) {
    await Bun.sleep(Math.max(0, startedAt + second * 1000 - performance.now()));
    const sample = await lane.sample();
    const now = performance.now();
    called += (sample.jobsPerSecond * (now - last)) / 1000;
    last = now;
    plan.onSample(sample);
    samples.push(sample);
  }
  const after = await used();
  return {
    perSecond: plan.perSecond,
    held: called / ((plan.perSecond * (last - startedAt)) / 1000),
    serviceUs: (after.service - before.service) / called,
    postgresUs: (after.postgres - before.postgres) / called,
    walBytes: (after.walBytes - before.walBytes) / called,
    samples,
  };
}
