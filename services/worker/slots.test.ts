import { expect, test } from "bun:test";
import type { LeasedJob } from "#db/jobs";
import { createHeldJobs } from "./held-jobs.ts";
import { createSlotPool } from "./slot-pool.ts";
import { createSlots } from "./slots.ts";

const job = (id: number, taskIdentifier = "a"): LeasedJob => ({
  id: String(id),
  databaseId: "00000000-0000-4000-8000-000000000001",
  taskIdentifier,
  payload: "{}",
  attempt: 1,
  maxAttempts: 25,
  priority: 0,
  runAtUs: 0,
  queueName: null,
  leaseToken: "00000000-0000-4000-8000-000000000002",
  createdAtMs: 0,
  traceparent: null,
  tracestate: null,
  scheduleId: null,
  scheduledAt: null,
  revision: 0,
});

/** Slots whose jobs answer, and are settled, when the test says so. */
function withSlots(concurrency: number) {
  const started: string[] = [];
  const held = createHeldJobs();
  const answers: (() => void)[] = [];
  const slots = createSlots({
    pool: createSlotPool(concurrency),
    onFree: () => {},
    onFollowed: () => {},
    held,
    perform: async ({ id }, onAnswered) => {
      started.push(id);
      await new Promise<void>((settle) => {
        answers.push(() => {
          onAnswered();
          settle();
        });
      });
      return false;
    },
  });
  const answer = async () => {
    answers.shift()?.();
    await Promise.resolve();
    await Promise.resolve();
  };
  return { slots, started, held, answer };
}

test("an idle worker claims as many jobs as it can start, and none ahead", () => {
  expect(withSlots(3).slots.wanted()).toBe(3);
});

test("no more jobs start than there are slots, and the next starts at an answer", async () => {
  const { slots, started, answer } = withSlots(2);
  for (const id of [1, 2, 3]) slots.add(job(id));
  await Promise.resolve();
  expect(started).toEqual(["1", "2"]);
  expect(slots.wanted()).toBe(0);
  await answer();
  expect(started).toEqual(["1", "2", "3"]);
});

test("jobs that start fast are claimed ahead, and taken back with the pace forgotten", async () => {
  const { slots, started, held, answer } = withSlots(1);
  for (let id = 1; id <= 100; id++) {
    slots.add(job(id));
    await answer();
  }
  slots.claimTook(1_000_000, true);
  expect(slots.wanted()).toBeGreaterThan(100);
  const before = started.length;
  for (let id = 101; id <= 110; id++) slots.add(job(id));
  await Promise.resolve();
  expect(slots.waitedMs()).toBeGreaterThan(0);
  const takenBack = slots.takeBack();
  expect(takenBack.length + started.length).toBe(110);
  expect(started.length - before).toBeLessThan(2);
  expect(held.ids().filter((id) => takenBack.some((one) => one.id === id))).toEqual([]);
  expect(slots.wanted()).toBeLessThan(2);
  expect(slots.waitedMs()).toBe(0);
});

test("a task that hangs leaves an eighth of the slots to others, and each further one half of the rest", () => {
  const { slots } = withSlots(32);
  for (const task of ["hangs", "too", "as well"]) {
    for (let claims = 0; claims < 10; claims++) {
      const count = slots.leftOut().includes(task) ? 0 : slots.wanted();
      for (let n = 0; n < count; n++) slots.add(job(n, task));
    }
    expect(slots.leftOut()).toContain(task);
    expect(slots.wanted()).toBeGreaterThan(0);
  }
});

test("a task that answers quickly may have every slot", async () => {
  const { slots, answer } = withSlots(8);
  expect(slots.wanted()).toBe(7);
  for (let n = 0; n < 7; n++) slots.add(job(n));
  expect([slots.wanted(), slots.leftOut()]).toEqual([1, ["a"]]);
  await answer();
  expect(slots.leftOut()).toEqual([]);
  expect(slots.wanted()).toBeGreaterThanOrEqual(2);
});

test("payloads in hand are bounded, and one job may always be claimed beside none", async () => {
  const { slots, answer } = withSlots(32);
  const large = { ...job(1), payload: "x".repeat(40 * 1024 * 1024) };
  expect(slots.wantedBytes()).toBe(32 * 1024 * 1024);
  slots.add(large);
  expect(slots.wanted()).toBe(0);
  await answer();
  await Promise.resolve();
  expect(slots.wanted()).toBe(28);
});
