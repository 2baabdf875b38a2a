import { z } from "zod";

type Field = { readonly name: string; readonly low: number; readonly high: number };

// In the order of a croner pattern. An hour is any where it is not given; so is all else but the second.
const fields = [
  { name: "second", low: 0, high: 59 },
  { name: "minute", low: 0, high: 59 },
  { name: "hour", low: 0, high: 23 },
  { name: "date", low: 1, high: 31 },
  { name: "month", low: 0, high: 11 },
  { name: "dayOfWeek", low: 0, high: 6 },
  { name: "year", low: 1970, high: 9999 },
] as const satisfies readonly Field[];

/** Names of a recurrence object's fields. */
export const recurrenceFields: readonly string[] = fields.map((field) => field.name);

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

/**
 * Gives the croner pattern of seven parts for a recurrence object.
 *
 * A second that is not given is 0, so that `{ "hour": 2, "minute": 0 }` is one tick a day; anything else not given is any.
 */
export function recurrencePattern(given: Recurrence): string {
  const second = given.second ?? [0];
  const month = given.month?.map((zeroBased) => zeroBased + 1) ?? null;
  const parts = [second, given.minute, given.hour, given.date, month, given.dayOfWeek, given.year];
  return parts.map((numbers) => numbers?.join(",") ?? "*").join(" ");
}

function values({ low, high }: Field) {
  const expected = `expected a whole number from ${low} to ${high}, an array of them, or {start, end, step}`;
  const number = z
    .union([z.int(), z.string().regex(/^\d+$/).transform(Number)])
    .pipe(z.int().min(low).max(high));
  const range = z
    .object({ start: number.default(low), end: number.default(high), step: z.int().min(1).default(1) })
    .refine(({ start, end }) => start <= end);
  const one = z.union([number.transform((value) => [value]), range.transform(spread)]);
  const several = z
    .array(one)
    .min(1)
    .transform((lists) => lists.flat());
  return z
    .union([one, several], { error: expected })
    .transform((numbers) => [...new Set(numbers)].sort((a, b) => a - b))
    .nullish()
    .transform((numbers) => numbers ?? null);
}

type Range = { readonly start: number; readonly end: number; readonly step: number };

function spread({ start, end, step }: Range): number[] {
  return Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, index) => start + index * step);
}
