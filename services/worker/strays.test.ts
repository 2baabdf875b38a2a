import { expect, test } from "bun:test";
import { createStrays } from "./strays.ts";

test("strays are looked for at once after a lost claim, and again after pauses that double, but not for ever", () => {
  let now = 0;
  const strays = createStrays(() => now);
  const looks: number[] = [];
  expect(strays.isDue()).toBe(false);
  strays.mayCome();
  for (; now < 3_600_000; now += 1_000) {
    if (!strays.isDue()) continue;
    looks.push(now / 1_000);
    strays.looked();
  }
  expect(looks).toEqual([0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048]);
});

test("a further lost claim makes them due anew", () => {
  let now = 0;
  const strays = createStrays(() => now);
  strays.mayCome();
  strays.looked();
  now = 500;
  expect(strays.isDue()).toBe(false);
  strays.mayCome();
  expect(strays.isDue()).toBe(true);
});
