import { describe, expect, test } from "bun:test";
import { parseSchedule } from "./rule.ts";

const fault = (info: unknown) => {
  const parsed = parseSchedule(JSON.stringify(info));
  return "fault" in parsed ? parsed.fault : "no fault";
};
const schedule = (info: unknown) => {
  const parsed = parseSchedule(JSON.stringify(info));
  if ("fault" in parsed) throw new Error(parsed.fault);
  return parsed.schedule;
};

describe("a fault is said so that a person can mend it", () => {
  const cases: readonly (readonly [unknown, string])[] = [
    [{ rule: "61 * * * *" }, 'rule "61 * * * *" cannot be read: Invalid value for minute: 61'],
    [{ rule: "* * *" }, 'rule "* * *" has 3 fields: expected five, or six with seconds first'],
    [{ rule: "* * * * * * 2027" }, "has 7 fields"],
    [{ rule: "0 22-2 * * *" }, "From value is larger than to value: '22-2'"],
    [{ rule: "0 0 * * FRI-MON" }, "From value is larger than to value: '5-1'"],
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
  expect(schedule({ rule: "* * * * *", note: "asked for by Ada 💌, \\ud83d", recurs: true }).shown).toBe(
    '"* * * * *"',
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
  expect(schedule({ rule: "0 9 * * *" }).zone.name).toBe("UTC");
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

describe("a recurrence object becomes local times", () => {
  const every = (count: number) => [...Array(count).keys()];
  const cases: readonly (readonly [object, readonly [number[], number[], number[]], string])[] = [
    [{ hour: [2], minute: [0], dayOfWeek: [0, 1, 2] }, [[2], [0], [0]], "2028-01-02 2028-01-03 2028-01-04"],
    [{ hour: 2 }, [[2], every(60), [0]], "2028-01-01 2028-01-02 2028-01-03"],
    [{ second: { step: 20 } }, [every(24), every(60), [0, 20, 40]], "2028-01-01 2028-01-02 2028-01-03"],
    [{ month: 0, date: 31 }, [every(24), every(60), [0]], "2028-01-31 2029-01-31 2030-01-31"],
    [{ month: [11, "0"], date: 1 }, [every(24), every(60), [0]], "2028-01-01 2028-12-01 2029-01-01"],
    [
      { hour: { start: 9, end: 17, step: 4 }, minute: 30 },
      [[9, 13, 17], [30], [0]],
      "2028-01-01 2028-01-02 2028-01-03",
    ],
    [
      { hour: [{ start: 0, end: 2 }, 22, 1], minute: 0, date: 13, dayOfWeek: 5 },
      [[0, 1, 2, 22], [0], [0]],
      "2028-10-13 2029-04-13 2029-07-13",
    ],
    [{ year: [2096, 2104], date: 29, month: 1 }, [every(24), every(60), [0]], "2096-02-29 2104-02-29"],
    [
      { recurs: true, year: null, month: null, hour: 2, minute: null, second: 0 },
      [[2], every(60), [0]],
      "2028-01-01 2028-01-02 2028-01-03",
    ],
  ];
  test.each(cases)("%j", (info, [hours, minutes, seconds], dates) => {
    const { times } = schedule(info);
    expect(times).toMatchObject({ hours, minutes, seconds });
    const days: string[] = [];
    let day = times.calendar.next(Date.UTC(2028, 0, 1) / 86_400_000);
    for (; day !== null && days.length < 3; day = times.calendar.next(day + 1))
      days.push(new Date(day * 86_400_000).toISOString().slice(0, 10));
    expect(days.join(" ")).toBe(dates);
  });
});

describe("what would cost too much is refused in words", () => {
  const many = (count: number, what: string) => Array.from({ length: count }, () => what).join(",");
  const cases: readonly (readonly [what: string, text: string, fault: string])[] = [
    [
      "80 KB of empty ranges",
      `{"year":[${many(20_000, "{}")}]}`,
      "is 60010 bytes long; at most 16384 are read",
    ],
    [
      "a megabyte of notes",
      `{"rule":"* * * * *","note":"${"x".repeat(1_000_000)}"}`,
      "is 1000030 bytes long",
    ],
    ["as many bytes as letters of more bytes", `{"note":"${"€".repeat(6_000)}"}`, "is 18011 bytes long"],
    ["many entries", `{"year":[${many(5_000, "{}")}]}`, "year has 5000 entries; at most 100 are read"],
    ["many numbers", `{"minute":[${many(101, "1")}]}`, "minute has 101 entries"],
    ["deep nesting", `{"minute":${"[".repeat(8_000)}${"]".repeat(8_000)}}`, "minute [[[["],
    [
      "a deep note",
      `{"rule":"61 * * * *","note":${"[".repeat(8_000)}${"]".repeat(8_000)}}`,
      "cannot be read",
    ],
    ["a range without end", '{"minute":{"start":0,"end":1e308,"step":1}}', 'minute {"start":0,"end":1e+308'],
    ["a step of nothing", '{"minute":{"step":1e-300}}', "minute {"],
    ["a number of 8,000 digits", `{"minute":"${"9".repeat(8_000)}"}`, 'minute "9999'],
    ["a range of cron without end", '{"rule":"1--100000000 * * * *"}', "cannot be read"],
    ["a long range of cron", '{"rule":"0-100000000 * * * *"}', "cannot be read"],
    ["a long step of cron", '{"rule":"*/100000000 * * * *"}', "cannot be read"],
    ["a long rule", `{"rule":"${"*/1,".repeat(4_000)}0 * * * *"}`, "rule is 16009 characters long"],
    [
      "a long zone",
      `{"rule":"* * * * *","tz":"${"Europe/Berlin".repeat(1_000)}"}`,
      'tz "Europe/BerlinEurope',
    ],
    ["a time as a zone", '{"rule":"* * * * *","tz":"2027-01-01T00:00Z"}', "is not a time zone"],
    ["a far year", '{"rule":"* * * * *","end":"294276-12-31T00:00:00"}', "before the year 10000"],
    ["a start that never comes", '{"rule":"* * * * *","start":"infinity"}', 'start "infinity" is not a time'],
    ["half a text", '{"rule":"* * * * *"', "is no JSON that can be read"],
  ];
  test.each(cases)("%s", (_, text, expected) => {
    const parsed = parseSchedule(text);
    const said = "fault" in parsed ? parsed.fault : "no fault";
    expect(said).toContain(expected);
    expect(said.length).toBeLessThan(250);
  });
});

test("a bound at infinity is none", () => {
  const info = { rule: "* * * * *", start: "-infinity", end: "infinity" };
  expect(schedule(info)).toMatchObject({ start: null, end: null });
});

test("the longest recurrence object that is read costs as many marks as its fields have values", () => {
  const entries = Array.from({ length: 100 }, () => ({}));
  const info = {
    second: entries,
    minute: entries,
    hour: entries,
    date: entries,
    month: entries,
    year: entries,
  };
  const { times } = schedule(info);
  expect([times.hours.length, times.minutes.length, times.seconds.length]).toEqual([24, 60, 60]);
});
