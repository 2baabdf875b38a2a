import { latestTicks, nextTick } from "./next-tick.ts";
import type { Schedule } from "./rule.ts";

/**
 * Which ticks of a schedule that is due are run, and which are passed over.
 *
 * A tick is missed when the next one has come before it was run, or when it is more than a minute late. Between the one and
 * the other lies every normal delay: a scheduler that starts again, a database that fails over.
 */

// Longer than a restart takes, shorter than most periods; only the policy "skip" asks.
const onTimeMs = 60_000;

/** Gives the tick to run first, of those from `tick` to `now`; null when the schedule's policy is to run none of them. */
export function firstToRun(schedule: Schedule, { tick, now }: { tick: Date; now: Date }): Date | null {
  const { missed } = schedule.policies;
  const count = typeof missed === "object" ? missed.all : 1;
  // A tick that somebody set by hand need not be one of the rule's.
  const [first = tick] = latestTicks(schedule, { upTo: now, from: tick, count });
  return missed === "skip" && now.getTime() - first.getTime() > onTimeMs ? null : first;
}

/** Gives the first tick later than `now` and `tick`, where those up to now are passed over; null when none is left. */
export function tickAfter(schedule: Schedule, { tick, now }: { tick: Date; now: Date }): Date | null {
  return nextTick(schedule, tick > now ? tick : now);
}
