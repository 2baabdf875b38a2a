import { describe, expect, test } from "bun:test";
import { scheduleOf } from "../testing/schedule-ticks.ts";
import { firstToRun, tickAfter } from "./missed.ts";

const at = (time: string) => new Date(`2026-11-23T${time}Z`);
const everyTen = { rule: "*/10 * * * *" };
const all = (limit: number) => ({ missed: { all: limit }, overlap: "allow" });

type Case = readonly [what: string, policies: object, tick: string, now: string, first: string | null];

const cases: readonly Case[] = [
  ["a tick on time is run", {}, "12:00:00", "12:00:00.010", "12:00:00"],
  ["a tick that is late is run, however late", {}, "12:00:00", "12:09:59", "12:00:00"],
  ["of several the latest is run", {}, "12:00:00", "13:35:00", "13:30:00"],
  ["the latest may be due just now", {}, "12:00:00", "13:30:00", "13:30:00"],
  ["skip: a tick on time is run", { missed: "skip" }, "12:00:00", "12:00:00.010", "12:00:00"],
  ["skip: a minute late is on time", { missed: "skip" }, "12:00:00", "12:01:00", "12:00:00"],
  ["skip: later than that is missed", { missed: "skip" }, "12:00:00", "12:01:00.001", null],
  ["skip: of several the latest is run when on time", { missed: "skip" }, "12:00:00", "13:30:30", "13:30:00"],
  ["skip: of several none is run when it is not", { missed: "skip" }, "12:00:00", "13:35:00", null],
  ["all: the first missed is run first", all(100), "12:00:00", "13:35:00", "12:00:00"],
  ["all: as many as the limit says, the latest", all(3), "12:00:00", "13:35:00", "13:10:00"],
  ["all: one is the latest", all(1), "12:00:00", "13:35:00", "13:30:00"],
  ["a tick set by hand between two is run", {}, "12:03:00", "12:04:00", "12:03:00"],
  ["a tick set by hand gives way to a later one", {}, "12:03:00", "12:14:00", "12:10:00"],
];

describe("of the ticks that are due", () => {
  test.each(cases)("%s", (...[, policies, tick, now, first]) => {
    const schedule = scheduleOf({ ...everyTen, ...policies });
    const expected = first === null ? null : at(first);
    expect(firstToRun(schedule, { tick: at(tick), now: at(now) })).toEqual(expected);
  });
});

test("no tick before the start or after the end is made up for", () => {
  const bounded = { ...everyTen, start: "2026-11-23T12:20:00Z", end: "2026-11-23T12:40:00Z" };
  const due = { tick: at("12:20:00"), now: at("15:00:00") };
  expect(firstToRun(scheduleOf(bounded), due)).toEqual(at("12:40:00"));
  expect(firstToRun(scheduleOf({ ...bounded, ...all(9) }), due)).toEqual(at("12:20:00"));
  expect(tickAfter(scheduleOf(bounded), due)).toBeNull();
});

test("where missed ticks are skipped, it goes on with the first one to come", () => {
  const due = { tick: at("12:00:00"), now: at("13:35:00") };
  expect(tickAfter(scheduleOf({ ...everyTen, missed: "skip" }), due)).toEqual(at("13:40:00"));
});
