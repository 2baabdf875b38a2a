import { parseSchedule, quoted, type Schedule } from "./rule.ts";

/**
 * When a schedule ticks.
 *
 * Ticks are whole seconds. Times are those of the schedule's zone, and croner computes them; where the clock changes:
 *
 * - A time that does not exist runs once, right after the gap: 02:30 in Berlin on 29 March 2026 is run at 03:00.
 * - A time that exists twice runs once, the first time: 02:30 on 25 October 2026 is run in summer time.
 * - A rule with a wildcard or a step in its second, minute or hour means an interval, not a time of day: it goes on through
 *   the change, so that "every half hour" runs two more times that night in October and two less in March.
 */

/** Gives the first tick later than `after`, or null when none is left. `start` and `end` are included. */
export function nextTick(schedule: Schedule, after: Date): Date | null {
  const { start, end } = schedule;
  const floor = start !== null && start > after ? new Date(start.getTime() - 1) : after;
  const tick = schedule.cron.nextRun(floor);
  return tick === null || (end !== null && tick > end) ? null : tick;
}

/** Gives the last tick at or before `upTo`, or null when there was none. */
export function latestTick(schedule: Schedule, upTo: Date): Date | null {
  return latestTicks(schedule, { upTo, count: 1 })[0] ?? null;
}

/** Gives the last `count` ticks at or before `upTo`, the earliest first; fewer where there were not so many. */
export function latestTicks(schedule: Schedule, { upTo, count }: { upTo: Date; count: number }): Date[] {
  const { start, end } = schedule;
  const ceiling = end !== null && end < upTo ? end : upTo;
  const ticks = schedule.cron.previousRuns(count, new Date(ceiling.getTime() + 1));
  return ticks.filter((tick) => start === null || tick >= start).toReversed();
}

/** The first tick of a schedule, or why it has none, for a person. */
export type FirstTick = { readonly tick: Date; readonly schedule: Schedule } | { readonly fault: string };

/** Gives the first tick of a schedule_info later than `after`; a rule that cannot be read or never ticks is a fault. */
export function firstTick(scheduleInfo: unknown, after: Date): FirstTick {
  const parsed = parseSchedule(scheduleInfo);
  if ("fault" in parsed) return parsed;
  const { schedule } = parsed;
  const tick = nextTick(schedule, after);
  return tick === null ? { fault: whyNever(schedule, after) } : { tick, schedule };
}

function whyNever(schedule: Schedule, after: Date): string {
  const { end, start, pattern } = schedule;
  if (end !== null && end <= after) return `can never tick: its end, ${end.toISOString()}, is past`;
  const unbounded = nextTick({ ...schedule, end: null }, after);
  if (unbounded !== null && end !== null)
    return `can never tick: its next tick would be ${unbounded.toISOString()}, after its end, ${end.toISOString()}`;
  const floor = start !== null && start > after ? start : after;
  if (latestTick({ ...schedule, start: null, end: null }, floor) !== null)
    return `can never tick: nothing after ${floor.toISOString()} matches ${quoted(pattern)}`;
  return `can never tick: no date matches ${quoted(pattern)}`;
}
