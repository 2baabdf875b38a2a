import { expect, test } from "bun:test";
import type { Claimed, TaskFilter } from "#db/jobs";
import { createLog } from "../log/log.ts";
import { createClaimCursor } from "./claim-cursor.ts";
import { createHeldJobs } from "./held-jobs.ts";
import { createLook } from "./look.ts";
import { createSlotPool } from "./slot-pool.ts";
import { createSlots } from "./slots.ts";
import { createTaskHealth } from "./task-health.ts";

/** A way to look whose claims are answered as the test says, with the tasks that each asked for. */
function withLook(answer: () => Promise<Claimed>) {
  const health = createTaskHealth();
  const asked: TaskFilter[] = [];
  let strayCalls = 0;
  const held = createHeldJobs();
  const slots = createSlots({
    pool: createSlotPool(4),
    held,
    onFree: () => {},
    onFollowed: () => {},
    perform: () => Promise.resolve(false),
  });
  const run = { current: () => Promise.resolve("run"), lose: () => {}, keeps: () => true };
  const look = createLook({
    jobs: {
      getJobs: ({ tasks }) => {
        asked.push(tasks);
        return answer();
      },
      releaseStrays: () => {
        strayCalls += 1;
        return Promise.resolve(0);
      },
    },
    run,
    held,
    health,
    slots,
    settler: { takeCompleted: () => ({ leases: [], written: () => {}, putBack: () => {} }) },
    tasks: null,
    back: createClaimCursor(),
    onBesideOver: () => {},
    log: createLog({ level: "silent", format: "json", write: () => {}, now: () => new Date() }),
  });
  return { look, health, asked, strayCalls: () => strayCalls };
}

const nothing = { jobs: [], refused: new Set<string>(), blocks: 0, mayBeMore: false };

test("tasks that were out of reach and have nothing due cost a claim once, and not at every look", async () => {
  const { look, health, asked } = withLook(() => Promise.resolve(nothing));
  // Long ago, so that their rest is over.
  for (const task of ["a", "b", "c"]) health.unreachable(task, 0);
  await look.once();
  expect(asked.map(({ only }) => only?.[0] ?? "all")).toEqual(["a", "b", "c", "all"]);
  await look.once();
  expect(asked.slice(4)).toEqual([{ only: null, except: null }]);
});

test("a task that was out of reach is tried again after a trial whose claim failed", async () => {
  const database = { isAway: true };
  const { look, health, asked } = withLook(() =>
    database.isAway ? Promise.reject(new Error("away")) : Promise.resolve(nothing),
  );
  for (const task of ["a", "b"]) health.unreachable(task, 0);
  const failure = await look.once().catch(String);
  expect(failure).toBe("Error: away");
  database.isAway = false;
  asked.length = 0;
  expect(await look.once()).toBe("nothing");
  expect(asked).toEqual([
    { only: ["a"], except: null },
    { only: ["b"], except: null },
    { only: null, except: null },
  ]);
});

test("what could not be given back is looked for before the next claim", async () => {
  const { look, asked, strayCalls } = withLook(() => Promise.resolve(nothing));
  await look.once();
  expect([strayCalls(), asked.length]).toEqual([0, 1]);
  look.mayHaveStrays();
  await look.once();
  expect([strayCalls(), asked.length]).toEqual([1, 2]);
});
