import { expect, test } from "bun:test";
import { type CalendarDate, createCalendar } from "./calendar.ts";
import { readCronRule } from "./cron-rule.ts";

const day = 86_400_000;
const dayOf = (date: string) => Date.parse(date) / day;

/** A calendar that counts how many dates it has asked for. */
function counting(years: readonly number[] | null, matches: (date: CalendarDate) => boolean) {
  let asked = 0;
  const calendar = createCalendar(years, (date) => {
    asked += 1;
    return matches(date);
  });
  return { calendar, asked: () => asked };
}

const everyYear = Array.from({ length: 8_030 }, (_, index) => 1970 + index);

test.each<[string, readonly number[] | null, (date: CalendarDate) => boolean]>([
  ["a rule that never matches", null, ({ month, date }) => month === 1 && date === 30],
  ["one that never does in 8,030 years", everyYear, () => false],
  ["a day of the last year", [9999], ({ month, date }) => month === 11 && date === 31],
  [
    "a leap day that is a Friday",
    null,
    ({ month, date, weekday }) => month === 1 && date === 29 && weekday === 5,
  ],
])("%s asks for fourteen years of dates at most", (_, years, matches) => {
  const { calendar, asked } = counting(years, matches);
  for (const from of ["1970-01-01", "2026-12-01", "9999-01-01"]) {
    calendar.next(dayOf(from));
    calendar.previous(dayOf(from));
  }
  calendar.isEmpty();
  expect(asked()).toBeLessThanOrEqual(14 * 366);
});

test("a cron rule of five fields matches the days that each of its words means", () => {
  const days = (rule: string) => {
    const { calendar } = readCronRule(rule);
    const found: string[] = [];
    let at = calendar.next(dayOf("2028-01-01"));
    for (; at !== null && at < dayOf("2028-03-01"); at = calendar.next(at + 1))
      found.push(new Date(at * day).toISOString().slice(5, 10));
    return found.join(" ");
  };
  expect(days("0 0 L * *")).toBe("01-31 02-29");
  expect(days("0 0 LW * *")).toBe("01-31 02-29");
  expect(days("0 0 1W,15W,30W * *")).toBe("01-03 01-14 01-31 02-01 02-15");
  expect(days("0 0 * * MON#1,FRIL")).toBe("01-03 01-28 02-07 02-25");
  expect(days("0 0 13 * FRI")).toBe("01-07 01-13 01-14 01-21 01-28 02-04 02-11 02-13 02-18 02-25");
  expect(days("0 0 11 * +FRI")).toBe("02-11");
  expect(days("0 0 ? FEB SAT-SUN")).toBe("02-05 02-06 02-12 02-13 02-19 02-20 02-26 02-27");
});

test("a day that does not come any more is no day", () => {
  const { calendar } = counting([2027], () => true);
  expect(calendar.next(dayOf("2028-01-01"))).toBeNull();
  expect(calendar.previous(dayOf("2026-12-31"))).toBeNull();
  expect(calendar.next(Number.NaN)).toBeNull();
  expect(calendar.isEmpty()).toBe(false);
});
