import { parseSchedule, type Schedule } from "./rule.ts";
import { ticksFrom } from "./ticks.ts";

/**
 * When a schedule ticks, within its start and end.
 *
 * Ticks are whole seconds of the schedule's zone, and `ticks.ts` says what becomes of them where the clock changes: 02:30 in Berlin
 * runs at 03:00 on 29 March 2026, in summer time on 25 October, and "every half hour" runs two more times that night in October and
 * two less in March.
 */

/** Gives the first tick later than `after`, or null when none is left. `start` and `end` are included. */
export function nextTick({ times, zone, start, end }: Schedule, after: Date): Date | null {
  const floor = start !== null && start > after ? start.getTime() - 1 : after.getTime();
  const [tick] = ticksFrom(times, zone, { after: Math.floor(floor / 1000) }).take(1);
  if (tick === undefined || (end !== null && tick * 1000 > end.getTime())) return null;
  return new Date(tick * 1000);
}

/** Which ticks are looked for backwards: those at or before `upTo`, none before `from`, `count` at most. */
export type LatestTicks = { readonly upTo: Date; readonly from?: Date; readonly count: number };

/** Gives the last ticks at or before an instant, the earliest first; fewer where there were not so many. */
export function latestTicks(
  { times, zone, start, end }: Schedule,
  { upTo, from, count }: LatestTicks,
): Date[] {
  const ceiling = Math.min(upTo.getTime(), end?.getTime() ?? Infinity);
  const floor = Math.max(start?.getTime() ?? -Infinity, from?.getTime() ?? -Infinity);
  const found: Date[] = [];
  for (const tick of ticksFrom(times, zone, { before: Math.floor(ceiling / 1000) + 1 })) {
    if (tick * 1000 < floor || found.length === count) break;
    found.push(new Date(tick * 1000));
  }
  return found.toReversed();
}

/** The first tick of a schedule, or why it has none, for a person. */
export type FirstTick = { readonly tick: Date; readonly schedule: Schedule } | { readonly fault: string };

/** Gives the first tick of a schedule_info later than `after`; a rule that cannot be read or never ticks is a fault. */
export function firstTick(scheduleInfo: string, after: Date): FirstTick {
  const parsed = parseSchedule(scheduleInfo);
  if ("fault" in parsed) return parsed;
  const { schedule } = parsed;
  if (Number.isNaN(after.getTime()))
    return { fault: "can never tick: its ticked_until is no time of the calendar" };
  const tick = nextTick(schedule, after);
  return tick === null ? { fault: whyNever(schedule, after) } : { tick, schedule };
}

function whyNever(schedule: Schedule, after: Date): string {
  const { end, start, shown } = schedule;
  if (end !== null && end <= after) return `can never tick: its end, ${end.toISOString()}, is past`;
  const unbounded = nextTick({ ...schedule, end: null }, after);
  if (unbounded !== null && end !== null)
    return `can never tick: its next tick would be ${unbounded.toISOString()}, after its end, ${end.toISOString()}`;
  if (schedule.times.calendar.isEmpty()) return `can never tick: no date matches ${shown}`;
  const floor = start !== null && start > after ? start : after;
  return `can never tick: nothing after ${floor.toISOString()} matches ${shown}`;
}
