import type { BenchServer } from "../host/bench-server.ts";
import { openLane } from "../host/open-lane.ts";
import type { Sample } from "../host/watch-queue.ts";
import type { Disturbance } from "./disturbances.ts";

/** How to measure a disturbance. Times are in seconds. */
export type PressurePlan = {
  readonly disturbance: Disturbance;
  readonly inFlight: number;
  readonly before: number;
  readonly during: number;
  readonly after: number;
  readonly every: number;
  readonly onSample: (phase: string, sample: PressureSample) => void;
};

/** A sample of the disturbed queue, and the rate of the other one in the same seconds. */
export type PressureSample = Sample & { readonly controlPerSecond: number };

/** The disturbed queue's rate over the other one's, at the end of each phase. */
export type PressureFigures = { readonly before: number; readonly during: number; readonly after: number };

/** A phase's figure is that of its last half minute. */
const countedSeconds = 30;

/**
 * Measures the rate from a full queue before, during and after a disturbance, beside a second queue that is not disturbed, in a
 * database of its own: what else happens on the machine meets both.
 */
export async function measurePressure(server: BenchServer, plan: PressurePlan): Promise<PressureFigures> {
  const { disturbance, inFlight, every, onSample } = plan;
  await using lane = await openLane(server, inFlight);
  await using control = await openLane(server, inFlight);

  const phase = async (name: string, seconds: number) => {
    const samples: PressureSample[] = [];
    const endsAt = performance.now() + seconds * 1000;
    while (performance.now() < endsAt) {
      await Bun.sleep(Math.min(every * 1000, endsAt - performance.now()));
      const [sample, other] = await Promise.all([lane.sample(), control.sample()]);
      const both = { ...sample, controlPerSecond: other.jobsPerSecond };
      onSample(name, both);
      samples.push(both);
    }
    const counted = samples.slice(-Math.max(1, Math.floor(countedSeconds / every)));
    const sum = (of: (sample: PressureSample) => number) =>
      counted.reduce((total, sample) => total + of(sample), 0);
    return {
      ratio: sum((sample) => sample.jobsPerSecond) / sum((sample) => sample.controlPerSecond),
      perSecond: sum((sample) => sample.jobsPerSecond) / counted.length,
    };
  };

  const before = await phase("before", plan.before);
  const disturbed = await disturbance.begin(lane.database);
  lane.setLoad(disturbance.load * before.perSecond);
  const during = await phase("during", plan.during);
  lane.setLoad(0);
  await disturbed[Symbol.asyncDispose]();
  const after = await phase("after", plan.after);
  return { before: before.ratio, during: during.ratio, after: after.ratio };
}
