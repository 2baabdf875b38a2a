import { describe, expect, test } from "bun:test";
import { scheduleOf, shownTicks, ticksOf } from "../testing/schedule-ticks.ts";
import { latestTicks, nextTick } from "./next-tick.ts";

type Case = readonly [what: string, info: object, after: string, ticks: string];

const cases: readonly Case[] = [
  [
    "02:30 in Berlin's gap runs once, right after it",
    { rule: "30 2 * * *", tz: "Europe/Berlin" },
    "2026-03-28T00:00:00Z",
    "2026-03-28T01:30Z 2026-03-29T01:00Z 2026-03-30T00:30Z",
  ],
  [
    "02:30 in Berlin's fold runs once, in summer time",
    { rule: "30 2 * * *", tz: "Europe/Berlin" },
    "2026-10-24T12:00:00Z",
    "2026-10-25T00:30Z 2026-10-26T01:30Z",
  ],
  [
    "02:30 in New York's gap runs once, right after it",
    { rule: "30 2 * * *", tz: "America/New_York" },
    "2026-03-07T12:00:00Z",
    "2026-03-08T07:00Z 2026-03-09T06:30Z",
  ],
  [
    "01:30 in New York's fold runs once, in summer time",
    { rule: "30 1 * * *", tz: "America/New_York" },
    "2026-10-31T12:00:00Z",
    "2026-11-01T05:30Z 2026-11-02T06:30Z",
  ],
  [
    "two times of day are times, not an interval",
    { rule: "30 2,14 * * *", tz: "Europe/Berlin" },
    "2026-03-28T20:00:00Z",
    "2026-03-29T01:00Z 2026-03-29T12:30Z",
  ],
  [
    "several times in one gap become one tick",
    { rule: "0,15,30 2 * * *", tz: "Europe/Berlin" },
    "2026-03-28T20:00:00Z",
    "2026-03-29T01:00Z 2026-03-30T00:00Z",
  ],
  [
    "a recurrence object in the gap runs once, right after it",
    { hour: 2, minute: 30, tz: "Europe/Berlin" },
    "2026-03-28T20:00:00Z",
    "2026-03-29T01:00Z 2026-03-30T00:30Z",
  ],
  [
    "02:15 in Lord Howe's gap of half an hour runs once, right after it",
    { rule: "15 2 * * *", tz: "Australia/Lord_Howe" },
    "2026-10-02T16:00:00Z",
    "2026-10-03T15:30Z 2026-10-04T15:15Z",
  ],
  [
    "01:45 in Lord Howe's fold of half an hour runs once",
    { rule: "45 1 * * *", tz: "Australia/Lord_Howe" },
    "2026-04-03T16:00:00Z",
    "2026-04-04T14:45Z 2026-04-05T15:15Z",
  ],
  [
    "midnight in Cairo's gap runs once, right after it",
    { rule: "0 0 * * *", tz: "Africa/Cairo" },
    "2026-04-22T12:00:00Z",
    "2026-04-22T22:00Z 2026-04-23T22:00Z 2026-04-24T21:00Z",
  ],
  [
    "half past midnight in São Paulo's gap runs once, right after it",
    { rule: "30 0 * * *", tz: "America/Sao_Paulo" },
    "2018-11-03T04:00:00Z",
    "2018-11-04T03:00Z 2018-11-05T02:30Z",
  ],
  [
    "23:30 in São Paulo's fold across midnight runs once, in summer time",
    { rule: "30 23 * * *", tz: "America/Sao_Paulo" },
    "2018-02-17T12:00:00Z",
    "2018-02-18T01:30Z 2018-02-19T02:30Z",
  ],
  [
    "01:30 in London's gap, where winter time is UTC",
    { rule: "30 1 * * *", tz: "Europe/London" },
    "2026-03-28T12:00:00Z",
    "2026-03-29T01:00Z 2026-03-30T00:30Z",
  ],
  [
    "a time with seconds in the gap runs at the very end of it",
    { rule: "15 30 2 * * *", tz: "Europe/Berlin" },
    "2026-03-28T12:00:00Z",
    "2026-03-29T01:00Z 2026-03-30T00:30:15Z",
  ],
  [
    "the only day of the year, in the gap",
    { rule: "30 2 29 3 *", tz: "Europe/Berlin" },
    "2026-03-01T12:00:00Z",
    "2026-03-29T01:00Z 2027-03-29T00:30Z",
  ],
  [
    "a time in the gap and the time right after it are one tick",
    { rule: "0 2,3 * * *", tz: "Europe/Berlin" },
    "2026-03-28T12:00:00Z",
    "2026-03-29T01:00Z 2026-03-30T00:00Z 2026-03-30T01:00Z",
  ],
  [
    "the end of the fold is no part of it",
    { rule: "0 3 * * *", tz: "Europe/Berlin" },
    "2026-10-24T12:00:00Z",
    "2026-10-25T02:00Z 2026-10-26T02:00Z",
  ],
  [
    "every half hour goes on through the fold",
    { rule: "*/30 * * * *", tz: "Europe/Berlin" },
    "2026-10-25T00:00:00Z",
    "2026-10-25T00:30Z 2026-10-25T01:00Z 2026-10-25T01:30Z 2026-10-25T02:00Z",
  ],
  [
    "every half hour goes on through the gap",
    { rule: "*/30 * * * *", tz: "Europe/Berlin" },
    "2026-03-29T00:00:00Z",
    "2026-03-29T00:30Z 2026-03-29T01:00Z 2026-03-29T01:30Z",
  ],
];

describe("where the clock changes", () => {
  test.each(cases)("%s", (...[, info, after, expected]) => {
    const count = expected.split(" ").length;
    expect(shownTicks(ticksOf(info, { after, count }))).toBe(expected);
  });
});

// What is made up for is reckoned backwards, what comes next forwards.
describe("backwards the ticks are the same as forwards, where the clock changes", () => {
  const changes = [
    ["Europe/Berlin", "2026-03-28T12:00:00Z"],
    ["Europe/Berlin", "2026-10-24T12:00:00Z"],
    ["America/New_York", "2026-03-07T12:00:00Z"],
    ["America/St_Johns", "2026-10-31T12:00:00Z"],
    ["Australia/Lord_Howe", "2026-10-03T06:00:00Z"],
    ["Australia/Lord_Howe", "2026-04-04T06:00:00Z"],
    ["America/Sao_Paulo", "2018-11-03T12:00:00Z"],
    ["America/Sao_Paulo", "2018-02-17T12:00:00Z"],
    ["Africa/Cairo", "2026-04-23T12:00:00Z"],
  ] as const;
  const rules = [
    "30 2 * * *",
    "30 1 * * *",
    "0 0 * * *",
    "30 0,23 * * *",
    "0,15,30 2 * * *",
    "*/30 * * * *",
    "15 1-3 * * *",
  ];
  test.each(changes)("in %s after %s", (tz, start) => {
    const end = new Date(Date.parse(start) + 36 * 3_600_000);
    for (const rule of rules) {
      const parsed = scheduleOf({ rule, tz, start });
      const forwards: Date[] = [];
      for (let at = nextTick(parsed, new Date(start)); at !== null && at <= end; at = nextTick(parsed, at))
        forwards.push(at);
      const count = forwards.length;
      expect({ rule, ticks: latestTicks(parsed, { upTo: end, count }) }).toEqual({ rule, ticks: forwards });
    }
  });
});
