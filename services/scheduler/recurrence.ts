import { z } from "zod";
import { createCalendar, yearsOfTicks } from "./calendar.ts";
import type { LocalTimes } from "./ticks.ts";

type Field = { readonly name: string; readonly low: number; readonly high: number };

// An hour is any where it is not given; so is all else but the second.
const fields = [
  { name: "second", low: 0, high: 59 },
  { name: "minute", low: 0, high: 59 },
  { name: "hour", low: 0, high: 23 },
  { name: "date", low: 1, high: 31 },
  { name: "month", low: 0, high: 11 },
  { name: "dayOfWeek", low: 0, high: 6 },
  { name: "year", low: yearsOfTicks.first, high: yearsOfTicks.last },
] as const satisfies readonly Field[];

/** Names of a recurrence object's fields. */
export const recurrenceFields: readonly string[] = fields.map((field) => field.name);

// More than a field has values, but for the year, which has ranges for that; it bounds what reading one costs.
const mostEntries = 100;

/**
 * Reads a recurrence object, the kind that node-schedule takes.
 *
 * A field is a number, a `{ start, end, step }` range or an array of them; null counts as not given. Months are 0 to 11,
 * days of the week 0 (Sunday) to 6. A range includes its end; node-schedule leaves it out where step is above 1, though
 * only for its own Range objects, which JSON cannot carry. Other keys are not looked at.
 */
export const recurrence = z.object({
  second: values(fields[0]),
  minute: values(fields[1]),
  hour: values(fields[2]),
  date: values(fields[3]),
  month: values(fields[4]),
  dayOfWeek: values(fields[5]),
  year: values(fields[6]),
});

/** A recurrence object, read: the numbers of each field, sorted; null is any. */
export type Recurrence = z.infer<typeof recurrence>;

/** Says which field of a schedule_info has more entries than are read; null where none has. */
export function entriesFault(info: object): string | null {
  for (const [name, value] of Object.entries(info))
    if (recurrenceFields.includes(name) && Array.isArray(value) && value.length > mostEntries)
      return `${name} has ${value.length} entries; at most ${mostEntries} are read, and {start, end, step} says many at once`;
  return null;
}

/**
 * Gives the local times of a recurrence object. Where both days are given both have to match.
 *
 * A second that is not given is 0, so that `{ "hour": 2, "minute": 0 }` is one tick a day; anything else not given is any. Without
 * an hour or a minute it means an interval.
 */
export function recurrenceTimes(given: Recurrence): LocalTimes {
  const { hour, minute, second, month, date, dayOfWeek } = given;
  const calendar = createCalendar(
    given.year,
    (day) =>
      (month?.includes(day.month) ?? true) &&
      (date?.includes(day.date) ?? true) &&
      (dayOfWeek?.includes(day.weekday) ?? true),
  );
  return {
    calendar,
    hours: hour ?? [...Array(24).keys()],
    minutes: minute ?? [...Array(60).keys()],
    seconds: second ?? [0],
    isInterval: hour === null || minute === null,
  };
}

type Range = { readonly start: number; readonly end: number; readonly step: number };

function values({ low, high }: Field) {
  const expected = `expected a whole number from ${low} to ${high}, an array of them, or {start, end, step}`;
  const number = z
    .union([
      z.int(),
      z
        .string()
        .regex(/^\d{1,4}$/)
        .transform(Number),
    ])
    .pipe(z.int().min(low).max(high));
  const range = z
    .object({ start: number.default(low), end: number.default(high), step: z.int().min(1).default(1) })
    .refine(({ start, end }) => start <= end);
  const one = z.union([number.transform((value): Range => ({ start: value, end: value, step: 1 })), range]);
  return z
    .union([one.transform((range) => [range]), z.array(one).min(1, { error: expected })], { error: expected })
    .transform((ranges) => numbersOf(ranges, { low, high }))
    .nullish()
    .transform((numbers) => numbers ?? null);
}

/** Marks each number once, however many ranges have it. */
function numbersOf(ranges: readonly Range[], { low, high }: Pick<Field, "low" | "high">): number[] {
  const marks = new Uint8Array(high - low + 1);
  for (const { start, end, step } of ranges) {
    if (step === 1) marks.fill(1, start - low, end - low + 1);
    else for (let value = start; value <= end; value += step) marks[value - low] = 1;
  }
  return [...marks.keys()].filter((index) => marks[index] === 1).map((index) => index + low);
}
