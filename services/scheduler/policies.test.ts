import { expect, test } from "bun:test";
import { jitterOf } from "./policies.ts";

test("a schedule's jobs are delayed by the same time at each tick, within the jitter", () => {
  const delays = Array.from({ length: 1_000 }, (_, id) => jitterOf(String(id), 60));
  expect(delays.every((delay) => delay >= 0 && delay < 60)).toBe(true);
  expect(jitterOf("42", 60)).toBe(jitterOf("42", 60));
  expect(jitterOf("42", 0)).toBe(0);
  expect(jitterOf("9223372036854775807", 60)).toBeWithin(0, 60);
});

test("schedules that were added one after another are spread evenly", () => {
  const seconds = new Map<number, number>();
  for (let id = 5_000; id < 5_600; id++) {
    const second = Math.floor(jitterOf(String(id), 60));
    seconds.set(second, (seconds.get(second) ?? 0) + 1);
  }
  expect(seconds.size).toBe(60);
  expect(Math.max(...seconds.values())).toBeLessThanOrEqual(12);
});
