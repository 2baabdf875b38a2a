import { expect, test } from "bun:test";
import type { Floors } from "#db/jobs";
import { createLookBack } from "./look-back.ts";

const at = (ms: number) => ({ priority: 0, runAt: new Date(1_000_000 + ms) });

/** Gives how far before `latest` some floors begin, in ms; null where there are none. */
const backMs = (floors: Floors, latest: number) =>
  floors === null ? null : 1_000_000 + latest - Date.parse(String(floors["0"]));

test("while looks at everything are quick, each is one", () => {
  const back = createLookBack(() => 0);
  for (let n = 0; n < 100; n++) {
    expect(back.floors()).toBe(null);
    back.looked({ floors: null, ms: 10, claimed: Array.from({ length: 300 }, () => at(n)) });
    expect(back.untilWholeMs()).toBe(0);
  }
});

test("once they are slow they take a twentieth of the time, and the looks between go back by powers of two", () => {
  let now = 0;
  const back = createLookBack(() => now);
  back.looked({ floors: back.floors(), ms: 100, claimed: [at(5_000)] });
  const lengths: (number | null)[] = [];
  for (now = 0; now < 1_999; now++) {
    const floors = back.floors();
    lengths.push(backMs(floors, 5_000));
    back.looked({ floors, ms: 1, claimed: [at(5_000)] });
    expect(back.untilWholeMs()).toBeCloseTo(1_999.4 - now, 6);
  }
  expect(lengths.slice(0, 17)).toEqual([
    100, 100, 100, 200, 100, 100, 100, 200, 100, 100, 100, 200, 100, 100, 100, 400, 100,
  ]);
  expect(lengths).toContain(3_200);
  now = 2_000;
  expect(back.floors()).toBe(null);
});

test("a slow look that found nothing to start from is followed by another at everything", () => {
  const back = createLookBack(() => 0);
  back.looked({ floors: back.floors(), ms: 100, claimed: [] });
  expect(back.floors()).toBe(null);
});
