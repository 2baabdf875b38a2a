import type { BenchServer } from "../host/bench-server.ts";
import { openLane } from "../host/open-lane.ts";
import type { Sample } from "../host/watch-queue.ts";

/** How to soak. Times are in seconds. */
export type SoakPlan = {
  readonly seconds: number;
  readonly every: number;
  /** Share of the maximum that is enqueued. */
  readonly load: number;
  readonly inFlight: number;
  /** How long the maximum is measured. */
  readonly maximumSeconds: number;
  readonly onMaximum: (perSecond: number) => void;
  readonly onSample: (sample: Sample) => void;
};

/** What a soak has shown. */
export type Soak = { readonly maximum: number; readonly samples: readonly Sample[] };

/** Measures the rate from a full queue, lets the queue run empty, and then enqueues at a share of that rate, evenly. */
export async function measureSoak(server: BenchServer, plan: SoakPlan): Promise<Soak> {
  await using lane = await openLane(server, plan.inFlight);
  await Bun.sleep(plan.maximumSeconds * 1000);
  const maximum = (await lane.sample()).jobsPerSecond;
  plan.onMaximum(maximum);

  lane.setPace(maximum * plan.load);
  while ((await lane.database.sql`select from app_jobs.jobs offset 1000 limit 1`).length > 0)
    await Bun.sleep(100);
  await lane.sample();

  const samples: Sample[] = [];
  const startedAt = performance.now();
  for (let second = plan.every; second <= plan.seconds; second += plan.every) {
    await Bun.sleep(Math.max(0, startedAt + second * 1000 - performance.now()));
    const sample = await lane.sample();
    plan.onSample(sample);
    samples.push(sample);
  }
  return { maximum, samples };
}
