import { median } from "../host/percentile.ts";
import type { Sample } from "../host/watch-queue.ts";

/** Whether one figure of a soak stayed as it was. */
export type Verdict = {
  readonly what: keyof Sample;
  /** Medians of the second and of the last third of the time. */
  readonly earlier: number;
  readonly later: number;
  readonly ratio: number;
  readonly isFlat: boolean;
};

/** The lowest and the highest ratio that is still flat. Latency and dead tuples swing, with vacuum and with the machine. */
const flat: readonly (readonly [keyof Sample, number, number])[] = [
  ["jobsPerSecond", 0.95, 1.05],
  ["p50Ms", 0, 1.5],
  ["p99Ms", 0, 1.5],
  ["deadTuples", 0, 1.5],
  ["tableMb", 0, 1.1],
  ["indexMb", 0, 1.1],
  ["workerMb", 0, 1.1],
];

/** Judges each figure by its median in the last third over that in the second. */
export function judgeSoak(samples: readonly Sample[]): Verdict[] {
  const third = Math.floor(samples.length / 3);
  return flat.map(([what, least, most]) => {
    const middle = (part: readonly Sample[]) => median(part.map((sample) => sample[what]));
    const [earlier, later] = [middle(samples.slice(-2 * third, -third)), middle(samples.slice(-third))];
    const ratio = later / earlier;
    return { what, earlier, later, ratio, isFlat: ratio >= least && ratio <= most };
  });
}
