import { describe, expect, test } from "bun:test";
import { Range, RecurrenceRule } from "node-schedule";
import { ticksOf } from "../testing/schedule-ticks.ts";

/** Recurrence objects mean what they mean to node-schedule, the library of the system that this one replaces. */

type Span = { readonly start: number; readonly end: number; readonly step?: number };
type Value = number | Span | readonly (number | Span)[];
const names = ["second", "minute", "hour", "date", "month", "dayOfWeek", "year"] as const;
type Info = Partial<Record<(typeof names)[number], Value>> & { readonly tz?: string };

// JSON has no Range; to node-schedule one has to be given. Its ends with a step are its own (see the last test).
const theirValue = (value: Value): number | Range | (number | Range)[] => {
  if (typeof value === "number") return value;
  if ("start" in value) return new Range(value.start, value.end, value.step ?? 1);
  return value.map((one) => (typeof one === "number" ? one : new Range(one.start, one.end, one.step ?? 1)));
};

const theirTicks = (info: Info, after: string, count: number): string[] => {
  const rule = new RecurrenceRule();
  for (const name of names) {
    const value = info[name];
    if (value !== undefined) Object.assign(rule, { [name]: theirValue(value) });
  }
  if (info.tz !== undefined) rule.tz = info.tz;
  const ticks: string[] = [];
  for (let at = new Date(after); ticks.length < count; ) {
    const next: Date | null = rule.nextInvocationDate(at);
    if (next === null) break;
    ticks.push(next.toISOString());
    at = next;
  }
  return ticks;
};

const ourTicks = (info: Info, after: string, count: number): string[] =>
  ticksOf(info, { after, count }).map((tick) => tick.toISOString());

const inUtc = (info: Info): Info => ({ tz: "UTC", ...info });

describe("we tick as node-schedule does for", () => {
  const cases: readonly Info[] = [
    { hour: [2], minute: [0], dayOfWeek: [0, 1, 2] },
    { hour: 2, minute: 0 },
    { hour: 2 },
    { minute: 5 },
    { second: 30 },
    { second: [0, 20, 40], minute: 7 },
    { date: 31, hour: 0, minute: 0 },
    { date: [29, 30], month: [0, 1, 2], hour: 12, minute: 0 },
    { month: 1, date: 29, hour: 0, minute: 0 },
    { month: [0, 11], date: 1, hour: 0, minute: 0 },
    { dayOfWeek: [0, { start: 4, end: 6 }], hour: 17, minute: 0 },
    { dayOfWeek: { start: 1, end: 5 }, hour: { start: 9, end: 17 }, minute: { start: 0, end: 59, step: 15 } },
    { date: 13, dayOfWeek: 5, hour: 0, minute: 0 },
    { year: 2028, month: 1, hour: 0, minute: 0, date: { start: 26, end: 31 } },
    { year: { start: 2027, end: 2060 }, month: 5, date: 1, hour: 0, minute: 0 },
    { hour: 9, minute: 30, tz: "Asia/Kolkata" },
    { hour: 0, minute: 0, date: 1, tz: "America/New_York" },
  ];
  test.each(cases.map((info) => [JSON.stringify(info), info] as const))("%s", (_, info) => {
    const after = "2027-01-05T08:59:59.000Z";
    expect(ourTicks(info, after, 8)).toEqual(theirTicks(inUtc(info), after, 8));
  });
});

test("we tick as node-schedule does for 500 recurrence objects made at random", () => {
  const random = seeded(20_261_123);
  const upTo = (high: number) => Math.floor(random() * (high + 1));
  const field = (low: number, high: number): Value => {
    const one = () => low + upTo(high - low);
    const [a, b] = [one(), one()].toSorted((x, y) => x - y);
    const span = { start: a ?? low, end: b ?? high };
    return [one(), [one(), one(), one()], span, [one(), span]][upTo(3)] ?? low;
  };
  for (let count = 0; count < 500; count++) {
    const info: Info = {
      ...(random() < 0.3 ? { second: field(0, 59) } : {}),
      ...(random() < 0.7 ? { minute: field(0, 59) } : {}),
      ...(random() < 0.6 ? { hour: field(0, 23) } : {}),
      // Day 29 to 31 with a month that lacks it keeps node-schedule looking for ever.
      ...(random() < 0.3 ? { date: field(1, 28) } : {}),
      ...(random() < 0.3 ? { month: field(0, 11) } : {}),
      ...(random() < 0.3 ? { dayOfWeek: field(0, 6) } : {}),
    };
    if (Object.keys(info).length === 0) continue;
    const after = new Date(
      Date.UTC(2027, upTo(11), 1 + upTo(27), upTo(23), upTo(59), upTo(59)),
    ).toISOString();
    expect({ info, ticks: ourTicks(info, after, 4) }).toEqual({
      info,
      ticks: theirTicks(inUtc(info), after, 4),
    });
  }
});

test("where we differ on purpose: a range with a step includes its end, as in cron", () => {
  const info = { minute: { start: 0, end: 30, step: 10 }, hour: 0 };
  const minutes = (ticks: string[]) => ticks.map((tick) => tick.slice(14, 16)).join(" ");
  const after = "2027-01-05T23:59:59.000Z";
  expect(minutes(ourTicks(info, after, 5))).toBe("00 10 20 30 00");
  expect(minutes(theirTicks(inUtc(info), after, 5))).toBe("00 10 20 00 10");
});

test("where we differ on purpose: a time in the clock's gap runs once, and one in its fold once", () => {
  const info = { hour: 2, minute: 30, tz: "Europe/Berlin" };
  expect(ourTicks(info, "2027-03-27T12:00:00.000Z", 2)).toEqual([
    "2027-03-28T01:00:00.000Z",
    "2027-03-29T00:30:00.000Z",
  ]);
  expect(theirTicks(info, "2027-03-27T12:00:00.000Z", 1)).toEqual(["2027-03-29T00:30:00.000Z"]);
  expect(ourTicks(info, "2027-10-30T12:00:00.000Z", 2)).toEqual([
    "2027-10-31T00:30:00.000Z",
    "2027-11-01T01:30:00.000Z",
  ]);
});

/** Gives a generator of numbers from 0 to 1 that is the same at each run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
