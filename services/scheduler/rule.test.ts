import { describe, expect, test } from "bun:test";
import { parseSchedule } from "./rule.ts";

const fault = (info: unknown) => {
  const parsed = parseSchedule(info);
  return "fault" in parsed ? parsed.fault : "no fault";
};
const schedule = (info: unknown) => {
  const parsed = parseSchedule(info);
  if ("fault" in parsed) throw new Error(parsed.fault);
  return parsed.schedule;
};

describe("a fault is said so that a person can mend it", () => {
  const cases: readonly (readonly [unknown, string])[] = [
    [{ rule: "61 * * * *" }, 'rule "61 * * * *" cannot be read: Invalid value for minute: 61'],
    [{ rule: "* * *" }, 'rule "* * *" has 3 fields: expected five, or six with seconds first'],
    [{ rule: "* * * * * * 2027" }, "has 7 fields"],
    [{ rule: "" }, 'rule "" has 0 fields'],
    [{ rule: "2027-01-31T09:00:00Z" }, "has one field:"],
    [{ rule: "@reboot" }, 'rule "@reboot" cannot be read'],
    [{ rule: `${"1,".repeat(60)}1 * * * *` }, "rule is 129 characters long; at most 100 are read"],
    [{ rule: 5 }, "rule 5: expected a cron rule as text"],
    [{ rule: "* * * * *", hour: 2 }, "has both a rule and recurrence fields"],
    [{}, "has neither a rule nor recurrence fields (second, minute, hour,"],
    [{ rule: null, hour: null }, "has neither a rule nor recurrence fields"],
    [null, "is null: expected a JSON object"],
    [["* * * * *"], "expected a JSON object"],
    [{ rule: "* * * * *", tz: "Mars/Phobos" }, 'tz "Mars/Phobos" is not a time zone'],
    [{ rule: "* * * * *", timezone: "Europe/Berlin" }, "unknown field timezone: the time zone goes into tz"],
    [{ rule: "* * * * *", start: "soon" }, 'start "soon" is not a time: expected ISO 8601'],
    [{ rule: "* * * * *", end: "2027-02-30" }, 'end "2027-02-30" is not a time'],
    [{ rule: "* * * * *", end: 1795474306 }, "end 1795474306: expected an ISO 8601 time as text"],
    [{ rule: "* * * * *", start: "2027-02-01", end: "2027-01-01" }, 'end "2027-01-01" is before start'],
    [{ hour: 24 }, "hour 24: expected a whole number from 0 to 23, an array of them, or {start, end, step}"],
    [{ month: [12] }, "month [12]: expected a whole number from 0 to 11"],
    [{ dayOfWeek: 7 }, "dayOfWeek 7: expected a whole number from 0 to 6"],
    [{ minute: [] }, "minute []: expected"],
    [{ minute: 1.5 }, "minute 1.5: expected"],
    [{ hour: { start: 9, end: 5 } }, 'hour {"start":9,"end":5}: expected'],
    [{ rule: "* * * * *", missed: "none" }, 'missed "none": expected "latest", "skip" or {"all": LIMIT}'],
    [{ rule: "* * * * *", missed: { all: 0 } }, "with a limit from 1 to 1000"],
    [{ rule: "* * * * *", missed: { all: 9 } }, 'without overlap "allow"'],
    [{ rule: "* * * * *", overlap: true }, 'overlap true: expected "skip" or "allow"'],
    [{ rule: "* * * * *", jitterSeconds: -1 }, "jitterSeconds -1: expected seconds, none below 0"],
    [{ rule: "* * * * *", jitterSeconds: 86_401 }, "expected at most 86400 seconds"],
    [{ rule: "* * * * *", scheduledAtField: "" }, 'scheduledAtField "": expected the name of a field'],
    [{ rule: "* * * * *", note: "\u0000" }, "holds the character \\u0000, which Postgres cannot read"],
    [{ rule: "* * * * *", note: ["\ud83d"] }, "holds the character \\ud83d, which Postgres cannot read"],
    [{ hour: { start: 9, step: 0 } }, "expected a whole number from 0 to 23"],
  ];
  test.each(cases)("%j: %s", (info, expected) => {
    expect(fault(info)).toContain(expected);
  });
});

test("a fault never carries a control character, which Postgres or a terminal would trip over", () => {
  for (const rule of ["\u0000 * * * *", "\u001b[2J * * * *", "\ud800 * * * *"]) {
    expect(fault({ rule })).not.toMatch(/\p{Cc}|\p{Cs}/u);
    expect(fault({ rule: "* * * * *", tz: rule })).not.toMatch(/\p{Cc}|\p{Cs}/u);
  }
});

test("keys that mean nothing to us are left alone", () => {
  expect(schedule({ rule: "* * * * *", note: "asked for by Ada 💌, \\ud83d", recurs: true }).pattern).toBe(
    "* * * * *",
  );
});

test("without policies the latest missed tick is run, jobs do not overlap, and none is delayed", () => {
  const policies = { missed: "latest", overlap: "skip", jitterSeconds: 0 } as const;
  expect(schedule({ rule: "* * * * *" }).policies).toEqual(policies);
  expect(schedule({ hour: 2, missed: null, overlap: null, jitterSeconds: null }).policies).toEqual(policies);
});

test("policies are read from rules and recurrence objects alike", () => {
  const policies = { missed: { all: 7 }, overlap: "allow", jitterSeconds: 2.5 } as const;
  expect(schedule({ rule: "* * * * *", ...policies }).policies).toEqual(policies);
  expect(schedule({ hour: 2, ...policies }).policies).toEqual(policies);
});

test("without a zone a schedule is in UTC, not in the host's zone", () => {
  expect(schedule({ rule: "0 9 * * *" }).tz).toBe("UTC");
});

describe("start and end are read as", () => {
  const cases = [
    ["2026-11-23T22:51:46.123456+00:00", "UTC", "2026-11-23T22:51:46.123Z"],
    ["2026-11-23 22:51:46+00", "UTC", "2026-11-23T22:51:46.000Z"],
    ["2026-11-23 22:51:46.5+05:30", "UTC", "2026-11-23T17:21:46.500Z"],
    ["2026-11-23T22:51:46-0330", "UTC", "2026-11-24T02:21:46.000Z"],
    ["2026-11-23T22:51Z", "Europe/Berlin", "2026-11-23T22:51:00.000Z"],
    ["2026-11-23T22:51:46", "Europe/Berlin", "2026-11-23T21:51:46.000Z"],
    ["2026-11-23", "America/New_York", "2026-11-23T05:00:00.000Z"],
  ] as const;
  test.each(cases)("%s in %s", (text, tz, instant) => {
    expect(schedule({ rule: "* * * * *", tz, start: text }).start?.toISOString()).toBe(instant);
  });
});

describe("a recurrence object becomes the pattern", () => {
  const cases: readonly (readonly [object, string])[] = [
    [{ hour: [2], minute: [0], dayOfWeek: [0, 1, 2] }, "0 0 2 * * 0,1,2 *"],
    [{ hour: 2 }, "0 * 2 * * * *"],
    [{ second: { step: 20 } }, "0,20,40 * * * * * *"],
    [{ month: 0, date: 31 }, "0 * * 31 1 * *"],
    [{ month: [11, "0"] }, "0 * * * 1,12 * *"],
    [{ hour: { start: 9, end: 17, step: 4 }, minute: 30 }, "0 30 9,13,17 * * * *"],
    [{ hour: [{ start: 0, end: 2 }, 22], minute: 0 }, "0 0 0,1,2,22 * * * *"],
    [{ year: 2028, date: 29, month: 1 }, "0 * * 29 2 * 2028"],
    [{ recurs: true, year: null, month: null, hour: 2, minute: null, second: 0 }, "0 * 2 * * * *"],
  ];
  test.each(cases)("%j: %s", (info, pattern) => {
    expect(schedule(info).pattern).toBe(pattern);
  });
});
