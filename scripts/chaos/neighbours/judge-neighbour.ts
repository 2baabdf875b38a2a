import { median } from "../../bench/host/percentile.ts";

/** Two 99th percentiles of a stretch of time, in ms: of an innocent job's start delay, and of enqueuing it. */
export type Delays = { readonly startMs: number; readonly enqueueMs: number };

/** A try of a neighbour: a service before and while it makes noise, and beside it one with a machine share alone in common. */
export type Try = {
  readonly undisturbed: Delays;
  readonly disturbed: Delays;
  /** Of the service beside, in the same stretch as what is disturbed. */
  readonly beside: Delays;
  /** How many innocent jobs got no request at all. */
  readonly missing: number;
};

/** What the tries of a neighbour come to. */
export type Judgement = {
  /** `machine full`: late, but so was the service beside, which has nothing but the machine in common with it, and within the bound by that. */
  readonly verdict: "met" | "not met" | "machine full";
  /** Whether no other try is needed: one bad moment of the machine is no verdict. */
  readonly isSettled: boolean;
  readonly undisturbed: Delays;
  readonly disturbed: Delays;
  readonly beside: Delays;
  /** What the start delay may be. */
  readonly boundMs: number;
  readonly missing: number;
};

/** Gives the most that a delay may be, in ms, where it is this undisturbed. */
export function boundOf(undisturbedMs: number): number {
  return Math.max(2 * undisturbedMs, undisturbedMs + 25);
}

/** So many tries settle it, and one alone that is so many times later than it may be. */
const triesAtMost = 3;
const farBeyond = 10;

/**
 * Judges a neighbour by the medians of its tries. What is undisturbed is taken from `earlier` tries of others too, so that the
 * machine's own noise is known.
 */
export function judgeNeighbour(tries: readonly Try[], earlier: readonly Try[] = []): Judgement {
  const calm = [...earlier, ...tries];
  const undisturbed = medianOf(calm.map((one) => one.undisturbed));
  const disturbed = medianOf(tries.map((one) => one.disturbed));
  const beside = medianOf(tries.map((one) => one.beside));
  const missing = tries.reduce((sum, one) => sum + one.missing, 0);
  const isMet = missing === 0 && isWithin(disturbed, undisturbed);
  const least = worseOf(undisturbed, beside);
  const isFull = missing === 0 && !isWithin(beside, undisturbed) && isWithin(disturbed, least);
  const isFar = disturbed.startMs > farBeyond * boundOf(least.startMs);
  return {
    isSettled: isMet || tries.length >= triesAtMost || missing > 0 || isFar,
    verdict: isMet ? "met" : isFull ? "machine full" : "not met",
    undisturbed,
    disturbed,
    beside,
    boundMs: boundOf(undisturbed.startMs),
    missing,
  };
}

/** NaN, of a window without a job, is within nothing. */
function isWithin(now: Delays, before: Delays): boolean {
  return now.startMs <= boundOf(before.startMs) && now.enqueueMs <= boundOf(before.enqueueMs);
}

function worseOf(one: Delays, other: Delays): Delays {
  return {
    startMs: Math.max(one.startMs, other.startMs),
    enqueueMs: Math.max(one.enqueueMs, other.enqueueMs),
  };
}

function medianOf(delays: readonly Delays[]): Delays {
  return {
    startMs: median(delays.map(({ startMs }) => startMs)),
    enqueueMs: median(delays.map(({ enqueueMs }) => enqueueMs)),
  };
}
