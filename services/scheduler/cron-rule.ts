import { CronPattern } from "croner";
import { type CalendarDate, createCalendar } from "./calendar.ts";
import type { LocalTimes } from "./ticks.ts";

/** Croner's bits for a weekday: the first to fifth of its month, the last one, and all of them. */
const lastOfMonth = 32;
const allOfMonth = 63;

/**
 * Gives the local times of a cron rule of five or six fields. Croner reads it, names of days and months, L, W, # and nicknames included.
 *
 * Where both day fields are given either may match, as in cron. A rule with a wildcard or a step in its second, minute or hour
 * means an interval.
 *
 * @throws what croner says about a rule that is none.
 */
export function readCronRule(rule: string): LocalTimes {
  const pattern = new CronPattern(rule, undefined, { mode: "5-or-6-parts", fixedTimeRule: "no-wildcard" });
  return {
    calendar: createCalendar(null, (date) => matchesDay(pattern, date)),
    hours: chosen(pattern.hour),
    minutes: chosen(pattern.minute),
    seconds: chosen(pattern.second),
    isInterval: !pattern.isFixedTime,
  };
}

function chosen(flags: readonly number[]): number[] {
  return [...flags.keys()].filter((value) => flags[value]);
}

function matchesDay(pattern: CronPattern, day: CalendarDate): boolean {
  if (!pattern.month[day.month]) return false;
  const isDate = matchesDate(pattern, day);
  if (pattern.starDOW) return isDate;
  const isWeekday = matchesWeekday(pattern.dayOfWeek[day.weekday] ?? 0, day);
  return pattern.useAndLogic || pattern.starDOM ? isDate && isWeekday : isDate || isWeekday;
}

function matchesDate(pattern: CronPattern, day: CalendarDate): boolean {
  const { date, lastDate } = day;
  if (pattern.day[date - 1] || (pattern.lastDayOfMonth && date === lastDate)) return true;
  if (pattern.lastWeekday && date === workingDayNear(lastDate, day)) return true;
  return pattern.nearestWeekdays.some((flag, index) => flag && date === workingDayNear(index + 1, day));
}

/** The working day nearest to a date, within its month; null where the month has no such date. */
function workingDayNear(near: number, { date, weekday, lastDate }: CalendarDate): number | null {
  if (near > lastDate) return null;
  const nearWeekday = (((weekday + near - date) % 7) + 7) % 7;
  if (nearWeekday === 0) return near === lastDate ? near - 2 : near + 1;
  if (nearWeekday === 6) return near === 1 ? near + 2 : near - 1;
  return near;
}

function matchesWeekday(flags: number, { date, lastDate }: CalendarDate): boolean {
  if (flags === allOfMonth) return true;
  const isLast = date + 7 > lastDate;
  return (flags & (1 << (Math.ceil(date / 7) - 1))) !== 0 || (isLast && (flags & lastOfMonth) !== 0);
}
