import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { scheduleOf, shownTicks, ticksOf } from "../testing/schedule-ticks.ts";
import { ticksFrom } from "./ticks.ts";

/** Ticks against an oracle that walks through the minutes one by one and looks at what a clock on the wall would show. */

/** Days about changes of the clock, of each sort that there was and will be. */
const changes = [
  ["Europe/Berlin", "2027-03-27"],
  ["Europe/Berlin", "2027-10-30"],
  ["America/New_York", "2026-10-31"],
  ["America/Nuuk", "2027-03-27"],
  ["America/Nuuk", "2027-10-30"],
  ["Australia/Lord_Howe", "2026-10-03"],
  ["Australia/Lord_Howe", "2026-04-04"],
  ["Pacific/Apia", "2011-12-29"],
  ["Pacific/Kwajalein", "1993-08-20"],
  ["America/Sao_Paulo", "2018-11-03"],
  ["America/Sao_Paulo", "2018-02-17"],
  ["America/St_Johns", "2009-10-31"],
  ["America/St_Johns", "2010-03-13"],
  ["Africa/Cairo", "2026-04-23"],
  ["Africa/Casablanca", "2026-02-14"],
  ["Antarctica/Troll", "2027-03-27"],
  ["Asia/Kolkata", "2027-03-27"],
  ["+05:45", "2027-03-27"],
] as const;

type Rule = {
  /** null is the field's wildcard. */
  readonly hours: readonly number[] | null;
  readonly minutes: readonly number[] | null;
  readonly dates: readonly number[] | null;
};

/** A minute as the zone's clock shows it. */
type Shown = { readonly at: number; readonly local: number };

const minuteMs = 60_000;
const days = 4;

function minutesOf(zone: string, from: string): Shown[] {
  const clock = new Intl.DateTimeFormat("sv-SE", {
    timeZone: zone,
    dateStyle: "short",
    timeStyle: "short",
  });
  const start = Date.parse(from);
  return Array.from({ length: days * 1_440 }, (_, index) => {
    const at = start + index * minuteMs;
    return { at, local: Date.parse(`${clock.format(at).replace(" ", "T")}Z`) };
  });
}

function isShown({ hours, minutes, dates }: Rule, local: number): boolean {
  const date = new Date(local);
  return (
    (hours?.includes(date.getUTCHours()) ?? true) &&
    (minutes?.includes(date.getUTCMinutes()) ?? true) &&
    (dates?.includes(date.getUTCDate()) ?? true)
  );
}

/** The minutes at which a rule ticks, from the second one on: the first one has none before it. */
function walk(rule: Rule, shown: readonly Shown[]): string[] {
  const isInterval = rule.hours === null || rule.minutes === null;
  const ticks: string[] = [];
  let latest = shown[0]?.local ?? 0;
  for (const { at, local } of shown.slice(1)) {
    const isTick = isInterval ? isShown(rule, local) : isPassed(rule, latest, local);
    if (isTick) ticks.push(new Date(at).toISOString());
    latest = Math.max(latest, local);
  }
  return ticks;
}

/** Whether a time of day came up after `latest`, the latest that the clock has shown so far, or was left out since. */
function isPassed(rule: Rule, latest: number, local: number): boolean {
  for (let time = latest + minuteMs; time <= local; time += minuteMs) if (isShown(rule, time)) return true;
  return false;
}

const some = (high: number) =>
  fc.option(fc.uniqueArray(fc.integer({ min: 0, max: high }), { minLength: 1, maxLength: 4 }), { freq: 3 });
const rules = fc.record<Rule>({
  hours: fc.oneof(some(23), fc.constantFrom<number[][]>([0], [23], [1, 2], [0, 23], [2, 3])),
  minutes: fc.oneof(some(59), fc.constantFrom<number[][]>([0], [30], [0, 30], [59], [1])),
  dates: fc.option(fc.uniqueArray(fc.integer({ min: 1, max: 31 }), { minLength: 1, maxLength: 20 }), {
    freq: 2,
  }),
});

const cron = ({ hours, minutes, dates }: Rule) =>
  `${minutes?.join(",") ?? "*"} ${hours?.join(",") ?? "*"} ${dates?.join(",") ?? "*"} * *`;

function firstOf(ticks: Iterable<number>, isIn: (tick: number) => boolean): number[] {
  const found: number[] = [];
  for (const tick of ticks) {
    if (!isIn(tick)) break;
    found.push(tick);
  }
  return found;
}

describe("ticks are what a clock on the wall shows", () => {
  test.each(changes)("in %s from %s on", (zone, from) => {
    const shown = minutesOf(zone, from);
    const end = shown.at(-1)?.at ?? 0;
    fc.assert(
      fc.property(rules, (rule) => {
        // Five fields with a list of up to sixty numbers are longer than a rule may be.
        fc.pre(cron(rule).length <= 100);
        const { times, zone: read } = scheduleOf({ rule: cron(rule), tz: zone });
        const expected = walk(rule, shown);
        const start = Date.parse(from) / 1_000;
        const onwards = firstOf(ticksFrom(times, read, { after: start }), (tick) => tick <= end / 1_000);
        expect(onwards.map((tick) => new Date(tick * 1_000).toISOString())).toEqual(expected);
        const back = firstOf(ticksFrom(times, read, { before: end / 1_000 + 1 }), (tick) => tick > start);
        expect(back.toReversed()).toEqual(onwards);
      }),
      { numRuns: 60, seed: 20_261_201 },
    );
  });
});

describe("where the clock leaves out more than an hour of one day", () => {
  test.each([
    [
      "23:30 in Nuuk's gap runs at the midnight that ends it",
      { rule: "30 23 * * *", tz: "America/Nuuk" },
      "2027-03-27T01:59:59Z",
      "2027-03-28T01:00Z 2027-03-29T00:30Z",
    ],
    [
      "a day that Samoa did not have runs at the midnight that ends it",
      { rule: "0 9 30 12 *", tz: "Pacific/Apia" },
      "2011-06-01T00:00:00Z",
      "2011-12-30T10:00Z 2012-12-29T19:00Z",
    ],
    [
      "an interval leaves that day out",
      { rule: "0 */12 * * *", tz: "Pacific/Apia" },
      "2011-12-29T21:59:59Z",
      "2011-12-29T22:00Z 2011-12-30T10:00Z 2011-12-30T22:00Z",
    ],
  ] as const)("%s", (...[, info, after, expected]) => {
    expect(shownTicks(ticksOf(info, { after, count: expected.split(" ").length }))).toBe(expected);
  });
});

test("a rule that ticks once in years asks the time zone as often as one that ticks each day", () => {
  const asked = (info: object) => {
    const { times, zone } = scheduleOf(info);
    let count = 0;
    const pieces: typeof zone.pieces = (from, to) => {
      count += 1;
      return zone.pieces(from, to);
    };
    ticksFrom(times, { ...zone, pieces }, { after: Date.parse("2026-12-01") / 1_000 }).next();
    return count;
  };
  const tz = "Europe/Berlin";
  expect(asked({ rule: "0 0 30 2 *", tz })).toBe(0);
  for (const info of [
    { rule: "0 9 * * *" },
    { rule: "0 9 29 2 1" },
    { year: 9999, month: 11, date: 31, hour: 9, minute: 0 },
  ])
    expect(asked({ ...info, tz })).toBeLessThanOrEqual(4);
});
