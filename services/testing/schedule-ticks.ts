import { nextTick } from "../scheduler/next-tick.ts";
import { parseSchedule, type Schedule } from "../scheduler/rule.ts";

/** Gives the schedule that a schedule_info describes. */
export function scheduleOf(info: object): Schedule {
  const parsed = parseSchedule(JSON.stringify(info));
  if ("fault" in parsed) throw new Error(`Cannot read the schedule: it ${parsed.fault}.`);
  return parsed.schedule;
}

/** Gives the first `count` ticks after an instant; fewer where there are not so many. */
export function ticksOf(info: object, { after, count }: { after: string; count: number }): Date[] {
  const schedule = scheduleOf(info);
  const ticks: Date[] = [];
  for (let at = nextTick(schedule, new Date(after)); at !== null; at = nextTick(schedule, at)) {
    ticks.push(at);
    if (ticks.length === count) break;
  }
  return ticks;
}

/** Gives ticks as one line: `2026-03-29T01:00Z 2026-03-30T00:30:15Z`. */
export function shownTicks(ticks: readonly Date[]): string {
  return ticks.map((tick) => tick.toISOString().replace(/(:00)?\.000Z$/, "Z")).join(" ");
}
