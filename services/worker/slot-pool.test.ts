import { expect, test } from "bun:test";
import { createSlotPool, type SlotShare } from "./slot-pool.ts";

/** Starts as many requests as the member may, up to `most`, and gives their number. */
function start(share: SlotShare, most = Number.POSITIVE_INFINITY): number {
  let started = 0;
  while (started < most && share.free() > 0) {
    share.take();
    started += 1;
  }
  return started;
}

test("one alone has all slots", () => {
  const share = createSlotPool(3).join(() => {});
  expect([start(share), share.free()]).toEqual([3, 0]);
  share.give();
  expect(share.free()).toBe(1);
});

test("a member without a job keeps one slot free for its first, and no more", () => {
  const pool = createSlotPool(8);
  const [busy, idle] = [pool.join(() => {}), pool.join(() => {})];
  expect(start(busy)).toBe(7);
  expect(start(idle)).toBe(1);
});

test("members that always want more come to equal numbers, whoever was first", () => {
  const pool = createSlotPool(30);
  const shares = [0, 1, 2].map(() => pool.join(() => {}));
  const inFlight = [0, 0, 0];
  const run = (index: number) => {
    const share = shares[index];
    if (share !== undefined) inFlight[index] = (inFlight[index] ?? 0) + start(share);
  };
  run(0);
  // Every request of every member ends in turn, and its member is the first to ask for another.
  for (let round = 0; round < 40; round++)
    for (const [index, share] of shares.entries()) {
      if ((inFlight[index] ?? 0) > 0) {
        share.give();
        inFlight[index] = (inFlight[index] ?? 0) - 1;
      }
      for (const other of [0, 1, 2]) run((index + other) % 3);
    }
  expect(inFlight).toEqual([10, 10, 10]);
});

test("what ends goes to the member with the fewest in flight that wants more, which is told", () => {
  const pool = createSlotPool(4);
  const told: string[] = [];
  const many = pool.join(() => told.push("many"));
  const few = pool.join(() => told.push("few"));
  start(many);
  start(few);
  many.give();
  expect(told).toEqual(["few"]);
  expect([many.free(), few.free()]).toEqual([0, 1]);
});

test("a member that wants no more, or has not asked for a second, holds up nobody", () => {
  let now = 0;
  const pool = createSlotPool(4, () => now);
  const [many, few] = [pool.join(() => {}), pool.join(() => {})];
  start(many);
  start(few);
  many.give();
  expect(many.free()).toBe(0);
  few.wantsMore(false);
  expect(many.free()).toBe(1);
  few.wantsMore(true);
  expect(many.free()).toBe(0);
  now = 1_001;
  expect(many.free()).toBe(1);
});

test("a member that wants more is next however long it takes until a request ends", () => {
  let now = 0;
  const pool = createSlotPool(4, () => now);
  const told: string[] = [];
  const many = pool.join(() => told.push("many"));
  const few = pool.join(() => told.push("few"));
  start(many);
  start(few);
  now = 60_000;
  many.give();
  expect(told).toEqual(["few"]);
  expect(many.free()).toBe(0);
  expect(start(few)).toBe(1);
});
