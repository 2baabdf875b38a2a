import { expect, test } from "bun:test";
import { createRests } from "./rests.ts";

test("a schedule that keeps failing rests twice as long each time, up to five minutes", () => {
  const rests = createRests(() => 0);
  const seconds = Array.from({ length: 11 }, () => rests.fail("7"));
  expect(seconds).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
});

test("a rest ends by itself, but its series is remembered until it succeeds", () => {
  let now = 0;
  const rests = createRests(() => now);
  rests.fail("7");
  rests.pause("8");
  expect(rests.ids()).toEqual(["7", "8"]);
  expect(rests.nextEndMs()).toBe(1_000);
  now = 1_000;
  expect(rests.ids()).toEqual([]);
  expect(rests.nextEndMs()).toBeNull();
  expect(rests.fail("7")).toBe(2);
  rests.succeed("7");
  expect(rests.fail("7")).toBe(1);
});
