import { expect, test } from "bun:test";
import { createTaskHealth } from "./task-health.ts";

test("a task that was unreachable rests for a second, then is tried once", () => {
  const health = createTaskHealth();
  health.unreachable("mail", 0);
  expect(health.resting()).toEqual(["mail"]);
  expect(health.nextTrialMs(400)).toBe(600);
  expect(health.startTrials(999)).toEqual([]);
  expect(health.startTrials(1000)).toEqual(["mail"]);
  expect(health.startTrials(1001)).toEqual([]);
});

test("each failed trial doubles the rest, up to thirty seconds", () => {
  const health = createTaskHealth();
  let now = 0;
  const rests: number[] = [];
  for (let round = 0; round < 7; round++) {
    health.unreachable("mail", now);
    const rest = health.nextTrialMs(now) ?? 0;
    rests.push(rest);
    now += rest;
    health.startTrials(now);
  }
  expect(rests).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
});

test("failures of requests sent before the rest do not lengthen it", () => {
  const health = createTaskHealth();
  health.unreachable("mail", 0);
  health.unreachable("mail", 500);
  expect(health.nextTrialMs(500)).toBe(500);
});

test("the first answer ends the rest", () => {
  const health = createTaskHealth();
  health.unreachable("mail", 0);
  health.reached("mail");
  expect(health.resting()).toEqual([]);
  expect(health.nextTrialMs(0)).toBeNull();
});

test("a task of which nothing is due is forgotten", () => {
  const health = createTaskHealth();
  health.unreachable("mail", 0);
  health.startTrials(1000);
  health.forget("mail");
  expect([health.resting(), health.startTrials(1000), health.nextTrialMs(1000)]).toEqual([[], [], null]);
});

test("of more than 256 tasks the one that rests longest is forgotten", () => {
  const health = createTaskHealth();
  for (let n = 0; n <= 256; n++) health.unreachable(`task-${n}`, n);
  expect(health.resting()).toHaveLength(256);
  expect(health.resting()).not.toContain("task-0");
});

test("a trial that came to nothing may be repeated", () => {
  const health = createTaskHealth();
  health.unreachable("mail", 0);
  health.startTrials(1000);
  health.endTrial("mail");
  expect(health.nextTrialMs(1000)).toBeNull();
  expect(health.startTrials(1000)).toEqual(["mail"]);
});
