import { describe, expect, test } from "bun:test";
import { scheduleOf, shownTicks, ticksOf } from "../testing/schedule-ticks.ts";
import { firstTick, latestTicks } from "./next-tick.ts";

type Case = readonly [what: string, info: object, after: string, ticks: string];

const calendar: readonly Case[] = [
  ["the seed's rule", { rule: "*/5 * * * *" }, "2026-11-23T22:51:46Z", "2026-11-23T22:55Z 2026-11-23T23:00Z"],
  [
    "six fields",
    { rule: "*/20 * * * * *" },
    "2026-11-23T22:51:46Z",
    "2026-11-23T22:52Z 2026-11-23T22:52:20Z",
  ],
  [
    "the last of a month",
    { rule: "0 0 L * *" },
    "2027-01-31T12:00:00Z",
    "2027-02-28T00:00Z 2027-03-31T00:00Z",
  ],
  ["the 31st", { rule: "0 0 31 * *" }, "2027-01-31T12:00:00Z", "2027-03-31T00:00Z 2027-05-31T00:00Z"],
  ["a leap day", { rule: "0 0 29 2 *" }, "2026-01-01T00:00:00Z", "2028-02-29T00:00Z 2032-02-29T00:00Z"],
  [
    "the second Friday",
    { rule: "0 0 * * 5#2" },
    "2026-11-01T00:00:00Z",
    "2026-11-13T00:00Z 2026-12-11T00:00Z",
  ],
  ["the last Friday", { rule: "0 0 * * 5L" }, "2026-11-01T00:00:00Z", "2026-11-27T00:00Z 2026-12-25T00:00Z"],
  [
    "the fifth Monday, in months that have one",
    { rule: "0 0 * * MON#5" },
    "2026-10-01T00:00:00Z",
    "2026-11-30T00:00Z 2027-03-29T00:00Z",
  ],
  [
    "the last working day of a month",
    { rule: "0 0 LW * *" },
    "2026-10-01T00:00:00Z",
    "2026-10-30T00:00Z 2026-11-30T00:00Z 2026-12-31T00:00Z",
  ],
  [
    "the working day nearest to the 15th",
    { rule: "0 0 15W * *" },
    "2026-10-01T00:00:00Z",
    "2026-10-15T00:00Z 2026-11-16T00:00Z",
  ],
  [
    "the last of February",
    { rule: "0 0 L 2 *" },
    "2027-01-01T00:00:00Z",
    "2027-02-28T00:00Z 2028-02-29T00:00Z",
  ],
  [
    "the 31st, of a month that has one",
    { rule: "0 0 31 4,5 *" },
    "2026-10-01T00:00:00Z",
    "2027-05-31T00:00Z 2028-05-31T00:00Z",
  ],
  [
    "a leap day across a century without one",
    { rule: "0 0 29 2 *" },
    "2096-01-01T00:00:00Z",
    "2096-02-29T00:00Z 2104-02-29T00:00Z",
  ],
  [
    "the last second of a year",
    { rule: "59 59 23 31 12 *" },
    "2027-02-01T00:00:00Z",
    "2027-12-31T23:59:59Z 2028-12-31T23:59:59Z",
  ],
  ["Sunday as 7", { rule: "0 0 * * 7" }, "2026-11-23T00:00:00Z", "2026-11-29T00:00Z 2026-12-06T00:00Z"],
  ["a nickname", { rule: "@daily" }, "2026-11-23T00:00:00Z", "2026-11-24T00:00Z 2026-11-25T00:00Z"],
  [
    "both days in a rule: either matches",
    { rule: "0 0 13 * 5" },
    "2026-11-01T00:00:00Z",
    "2026-11-06T00:00Z 2026-11-13T00:00Z 2026-11-20T00:00Z",
  ],
  [
    "both days in a recurrence object: both match",
    { date: 13, dayOfWeek: 5, hour: 0, minute: 0 },
    "2026-11-01T00:00:00Z",
    "2026-11-13T00:00Z 2027-08-13T00:00Z",
  ],
  [
    "the protocol's recurrence object",
    { hour: [2], minute: [0], dayOfWeek: [0, 1, 2] },
    "2026-11-23T12:00:00Z",
    "2026-11-24T02:00Z 2026-11-29T02:00Z 2026-11-30T02:00Z",
  ],
  [
    "a year",
    { year: 2027, month: 0, date: 1, hour: 0, minute: 0 },
    "2026-11-23T12:00:00Z",
    "2027-01-01T00:00Z",
  ],
  [
    "an offset as zone",
    { rule: "0 0 * * *", tz: "+05:30" },
    "2026-11-23T12:00:00Z",
    "2026-11-23T18:30Z 2026-11-24T18:30Z",
  ],
];

const bounds: readonly Case[] = [
  [
    "a start at a tick includes it, an end at a tick includes it",
    { rule: "* * * * *", start: "2026-12-01T00:00:00Z", end: "2026-12-01T00:02:00Z" },
    "2026-11-23T12:00:00Z",
    "2026-12-01T00:00Z 2026-12-01T00:01Z 2026-12-01T00:02Z",
  ],
  [
    "a start between ticks waits for the next",
    { rule: "* * * * *", start: "2026-12-01T00:00:00.001Z", end: "2026-12-01T00:01:59.999Z" },
    "2026-11-23T12:00:00Z",
    "2026-12-01T00:01Z",
  ],
  [
    "a start in the past is no start",
    { rule: "0 * * * *", start: "2020-01-01T00:00:00Z" },
    "2026-11-23T12:30:00Z",
    "2026-11-23T13:00Z 2026-11-23T14:00Z",
  ],
  [
    "a tick is later than the instant given",
    { rule: "0 * * * *" },
    "2026-11-23T13:00:00Z",
    "2026-11-23T14:00Z 2026-11-23T15:00Z",
  ],
  [
    "a millisecond before is before",
    { rule: "0 * * * *" },
    "2026-11-23T12:59:59.999Z",
    "2026-11-23T13:00Z 2026-11-23T14:00Z",
  ],
];

describe.each([
  ["by the calendar", calendar],
  ["by start and end", bounds],
])("ticks %s", (_, cases) => {
  test.each(cases)("%s", (...[, info, after, expected]) => {
    const count = Math.max(2, expected.split(" ").length);
    expect(shownTicks(ticksOf(info, { after, count }))).toBe(expected);
  });
});

test("no two schedulers disagree: the host's own zone does not matter", () => {
  const program = `
    import { firstTick } from "${import.meta.dir}/next-tick.ts";
    console.log(firstTick('{ "rule": "0 9 * * *", "start": "2026-12-01" }', new Date("2026-11-23T12:00:00Z")).tick.toISOString());`;
  const seen = ["UTC", "America/New_York", "Asia/Kolkata"].map((zone) =>
    Bun.spawnSync(["bun", "-e", program], {
      env: { PATH: Bun.env["PATH"] ?? "", TZ: zone },
    }).stdout.toString(),
  );
  expect(new Set(seen)).toEqual(new Set(["2026-12-01T09:00:00.000Z\n"]));
});

describe("the latest tick", () => {
  const info = { rule: "*/5 * * * *", start: "2026-11-23T12:00:00Z", end: "2026-11-23T13:00:00Z" };
  test.each([
    ["2026-11-23T12:07:00Z", "2026-11-23T12:05:00.000Z"],
    ["2026-11-23T12:05:00Z", "2026-11-23T12:05:00.000Z"],
    ["2026-11-23T12:04:59.999Z", "2026-11-23T12:00:00.000Z"],
    ["2026-11-24T00:00:00Z", "2026-11-23T13:00:00.000Z"],
    ["2026-11-23T11:59:59Z", undefined],
  ])("up to %s is %s", (upTo, expected) => {
    const [latest] = latestTicks(scheduleOf(info), { upTo: new Date(upTo), count: 1 });
    expect(latest?.toISOString()).toBe(expected);
  });
});

describe("a schedule that can never tick says why", () => {
  test.each([
    [{ rule: "0 0 30 2 *" }, 'no date matches "0 0 30 2 *"'],
    [{ date: 31, month: 3 }, "no date matches"],
    [{ rule: "* * * * *", end: "2026-11-23T11:00:00Z" }, "its end, 2026-11-23T11:00:00.000Z, is past"],
    [
      { rule: "0 0 1 1 *", end: "2026-12-01" },
      "its next tick would be 2027-01-01T00:00:00.000Z, after its end",
    ],
    [{ year: 2025 }, "nothing after 2026-11-23T12:00:00.000Z matches"],
  ])("%j: %s", (info, expected) => {
    const first = firstTick(JSON.stringify(info), new Date("2026-11-23T12:00:00Z"));
    expect("fault" in first ? first.fault : "ticks").toContain(`can never tick: ${expected}`);
  });
});
