/** A date as a rule looks at it. */
export type CalendarDate = {
  /** 0 for January. */
  readonly month: number;
  /** 1 for the first of the month. */
  readonly date: number;
  /** 0 for Sunday. */
  readonly weekday: number;
  /** The last date of that month. */
  readonly lastDate: number;
};

/** The days that a rule matches. Days are counted from 1 January 1970, which is 0. */
export type Calendar = {
  /** Whether no day of any year matches, in the years that the rule names or in others. */
  readonly isEmpty: () => boolean;
  /** Gives the first day from this one on; null when there is none. */
  readonly next: (day: number) => number | null;
  /** Gives the last day up to this one; null when there is none. */
  readonly previous: (day: number) => number | null;
};

/** First and last year in which schedules tick. */
export const yearsOfTicks = { first: 1970, last: 9999 } as const;

const dayMs = 86_400_000;

// 28 years of one century have all kinds of year.
const everyKind = Array.from({ length: 28 }, (_, index) => 2001 + index);

/**
 * Gives the days that `matches` says yes to, in `years` (sorted), or in every year where that is null.
 *
 * A year is one of fourteen kinds: it begins on one of seven weekdays, and is a leap year or not. So `matches` is asked fourteen
 * times 366 times at most, whatever the rule is, one that never ticks and one for the year 9999 included.
 */
export function createCalendar(
  years: readonly number[] | null,
  matches: (date: CalendarDate) => boolean,
): Calendar {
  const kinds = new Map<string, readonly number[]>();
  const daysOf = (year: number): readonly number[] => {
    const weekday = new Date(Date.UTC(year, 0, 1)).getUTCDay();
    const kind = `${weekday}${isLeap(year)}`;
    const known = kinds.get(kind);
    if (known !== undefined) return known;
    const days = daysOfKind({ weekday, isLeap: isLeap(year) }, matches);
    kinds.set(kind, days);
    return days;
  };
  const isIn = (year: number) => year >= yearsOfTicks.first && year <= yearsOfTicks.last;
  const yearsFrom = (year: number) => years?.filter((each) => each >= year) ?? span(year, 1);
  const yearsUpTo = (year: number) => years?.filter((each) => each <= year).toReversed() ?? span(year, -1);
  let known: boolean | undefined;
  const isEmpty = () => {
    known ??= !everyKind.some((year) => daysOf(year).length > 0);
    return known;
  };

  const search = (day: number, { from, isNext }: { from: Iterable<number>; isNext: boolean }) => {
    if (isEmpty()) return null;
    for (const year of from) {
      if (!isIn(year)) continue;
      const first = Date.UTC(year, 0, 1) / dayMs;
      const days = daysOf(year);
      const found = isNext
        ? days.find((each) => first + each >= day)
        : days.findLast((each) => first + each <= day);
      if (found !== undefined) return first + found;
    }
    return null;
  };
  return {
    isEmpty,
    next: (day) => search(day, { from: yearsFrom(Math.max(yearOf(day), yearsOfTicks.first)), isNext: true }),
    previous: (day) =>
      search(day, { from: yearsUpTo(Math.min(yearOf(day), yearsOfTicks.last)), isNext: false }),
  };
}

function* span(year: number, step: 1 | -1): Generator<number> {
  for (let each = year; each >= yearsOfTicks.first && each <= yearsOfTicks.last; each += step) yield each;
}

function yearOf(day: number): number {
  return new Date(day * dayMs).getUTCFullYear();
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

type Kind = { readonly weekday: number; readonly isLeap: boolean };

/** Gives the days of a year that match, 0 for 1 January. */
function daysOfKind({ weekday, isLeap }: Kind, matches: (date: CalendarDate) => boolean): number[] {
  const days: number[] = [];
  let day = 0;
  for (let month = 0; month < 12; month++) {
    const lastDate = new Date(Date.UTC(isLeap ? 2000 : 2001, month + 1, 0)).getUTCDate();
    for (let date = 1; date <= lastDate; date++) {
      if (matches({ month, date, weekday: (weekday + day) % 7, lastDate })) days.push(day);
      day += 1;
    }
  }
  return days;
}
