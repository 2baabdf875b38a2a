import { expect, test } from "bun:test";
import type { Floors } from "#db/jobs";
import { type ClaimCursor, createClaimCursor, type Reach } from "./claim-cursor.ts";

const at = (ms: number, id = 1) => ({
  taskIdentifier: "a",
  priority: 0,
  id: String(id),
  runAtUs: (1_000_000 + ms) * 1_000,
});

/** Gives how far before `latest` some floors begin, in ms; null where there are none. */
const backMs = (floors: Floors, latest: number) =>
  floors === null ? null : 1_000_000 + latest - Number(floors[0]?.[2]) / 1_000;

/** Gives the blocks that a look touches which passes what takes `ms`, beside what its jobs take. */
const blocksFor = (ms: number, claimed: readonly unknown[] = []) => 64 + 16 * claimed.length + ms * 1_000;

/** Looks once, passing what takes `ms`, and gives how far. */
function look(
  back: ClaimCursor,
  ms: number,
  options: { claimed?: ReturnType<typeof at>[]; wasFilled?: boolean } = {},
): Reach {
  const reach = back.reach();
  back.looked({
    reach,
    blocks: blocksFor(ms, options.claimed),
    claimed: options.claimed ?? [],
    wasFilled: options.wasFilled ?? false,
  });
  return reach;
}

test("while jobs are few, each look is at everything", () => {
  const back = createClaimCursor(() => 0);
  for (let n = 0; n < 100; n++) {
    expect(look(back, 1, { claimed: [at(n)] }).floors).toBe(null);
    expect(back.untilWholeMs()).toBe(0);
  }
});

test("while jobs are plenty, looks begin at the last claimed job, and every 50 ms one is at everything", () => {
  let now = 0;
  const back = createClaimCursor(() => now);
  const reaches: Floors[] = [];
  for (now = 0; now < 100; now += 10)
    reaches.push(look(back, 0, { claimed: [at(5_000, 7)], wasFilled: true }).floors);
  expect(reaches[0]).toBe(null);
  expect(reaches[1]).toEqual([["a", 0, at(5_000).runAtUs, "7"]]);
  expect(reaches.filter((floors) => floors === null)).toHaveLength(2);
});

test("a look that found too little is followed by one at everything", () => {
  const back = createClaimCursor(() => 0);
  look(back, 0, { claimed: [at(5_000)], wasFilled: true });
  expect(look(back, 0, { wasFilled: false }).floors).not.toBe(null);
  expect(back.reach().floors).toBe(null);
});

test("a job that was claimed later, but comes before, does not set the place back", () => {
  const back = createClaimCursor(() => 0);
  look(back, 0, { claimed: [at(5_000, 12)], wasFilled: true });
  look(back, 0, { claimed: [at(5_000, 9), at(4_000, 13)], wasFilled: true });
  expect(back.reach().floors).toEqual([["a", 0, at(5_000).runAtUs, "12"]]);
});

test("once looks at everything are slow they take a twentieth of the time, and others go back by powers of two", () => {
  let now = 0;
  const back = createClaimCursor(() => now);
  look(back, 100, { claimed: [at(5_000)] });
  const lengths: (number | null)[] = [];
  for (now = 0; now < 1_999; now++) {
    lengths.push(backMs(look(back, 0, { claimed: [at(5_000)] }).floors, 5_000));
    expect(back.untilWholeMs()).toBe(2_000 - now);
  }
  expect(lengths.slice(0, 17)).toEqual([0, 0, 0, 100, 0, 0, 0, 100, 0, 0, 0, 100, 0, 0, 0, 200, 0]);
  expect(lengths).toContain(1_600);
  now = 2_000;
  expect(back.reach().floors).toBe(null);
});

test("a length that takes long is rationed too", () => {
  let now = 0;
  const back = createClaimCursor(() => now);
  look(back, 1_000, { claimed: [at(5_000)] });
  const spentMs = new Map<number, number>();
  while (now < 19_000) {
    const reach = back.reach();
    const ms = reach.length === 0 ? 1 : 10;
    now += ms;
    spentMs.set(reach.length, (spentMs.get(reach.length) ?? 0) + ms);
    back.looked({ reach, blocks: blocksFor(ms), claimed: [], wasFilled: true });
  }
  expect(spentMs.get(1)).toBeLessThanOrEqual(19_000 * 0.02 + 10);
  expect(spentMs.get(0)).toBeGreaterThan(19_000 * 0.8);
});

test("a look at everything that found plenty sets the place back to where that was", () => {
  let now = 0;
  const back = createClaimCursor(() => now);
  look(back, 0, { claimed: [at(5_000)], wasFilled: true });
  now = 60;
  look(back, 0, { claimed: [at(3_000, 5)], wasFilled: true });
  expect(back.reach().floors).toEqual([["a", 0, at(3_000).runAtUs, "5"]]);
});

test("a slow look at everything goes on beside the others, one at a time", () => {
  let now = 0;
  const back = createClaimCursor(() => now);
  look(back, 100, { claimed: [at(5_000)], wasFilled: true });
  now = 3_000;
  const beside = back.reach();
  expect(beside).toMatchObject({ floors: null, isBeside: true });
  for (let n = 0; n < 5; n++) expect(look(back, 1, { wasFilled: true })).toMatchObject({ isBeside: false });
  expect(back.lastFloors()).not.toBe(null);
  look(back, 1, { wasFilled: false });
  expect(back.untilWholeMs()).toBe(Number.POSITIVE_INFINITY);
  back.looked({ reach: beside, blocks: blocksFor(100), claimed: [], wasFilled: false });
  expect(back.untilWholeMs()).toBeGreaterThan(0);
  expect(back.untilWholeMs()).toBeLessThan(2_001);
});

test("where jobs have run out, a slow look at everything goes first", () => {
  let now = 0;
  const back = createClaimCursor(() => now);
  look(back, 100, { claimed: [at(5_000)], wasFilled: false });
  now = 3_000;
  expect(back.reach()).toMatchObject({ floors: null, isBeside: false });
});

test("a look beside that failed makes room for the next", () => {
  let now = 0;
  const back = createClaimCursor(() => now);
  look(back, 100, { claimed: [at(5_000)], wasFilled: true });
  now = 3_000;
  back.failed(back.reach());
  expect(back.reach()).toMatchObject({ isBeside: true });
});

test("however much a look at everything passed, the next one comes within five seconds", () => {
  let now = 0;
  const back = createClaimCursor(() => now);
  look(back, 60_000, { claimed: [at(5_000)], wasFilled: true });
  now = 4_999;
  expect(look(back, 0, { wasFilled: true }).floors).not.toBe(null);
  now = 5_000;
  expect(back.reach().floors).toBe(null);
});

test("what a look claimed is no reason to think that it passed much", () => {
  const back = createClaimCursor(() => 0);
  const claimed = Array.from({ length: 500 }, (_, n) => at(n, n));
  look(back, 0, { claimed, wasFilled: false });
  expect(back.reach().floors).toBe(null);
  expect(back.untilWholeMs()).toBe(0);
});
