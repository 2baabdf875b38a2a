import { expect, test } from "bun:test";
import type { Claim } from "#db/jobs";
import { createLog } from "../log/log.ts";
import { createHeldJobs } from "./held-jobs.ts";
import { createLook } from "./look.ts";
import { createLookBack } from "./look-back.ts";
import { createSlotPool } from "./slot-pool.ts";
import { createSlots } from "./slots.ts";
import { createTaskHealth } from "./task-health.ts";

test("tasks that were out of reach and have nothing due cost a claim once, and not at every look", async () => {
  const claims: Claim[] = [];
  const held = createHeldJobs();
  const health = createTaskHealth();
  const look = createLook({
    jobs: {
      getJobs: async (claim) => {
        claims.push(claim);
        return { jobs: [], refused: new Set() };
      },
      releaseStrays: async () => 0,
    },
    run: { current: async () => "run", lose: () => {} },
    held,
    settler: { takeCompleted: () => ({ leases: [], written: () => {}, putBack: () => {} }) },
    health,
    tasks: null,
    slots: createSlots({ pool: createSlotPool(8), perform: async () => {}, held, onFree: () => {} }),
    back: createLookBack(),
    onFound: () => {},
    log: createLog({ level: "silent", format: "json", write: () => {}, now: () => new Date() }),
  });
  // Long ago, so that their rest is over.
  for (const task of ["a", "b", "c"]) health.unreachable(task, 0);
  await look.once();
  expect(claims.map(({ tasks }) => tasks.only?.[0] ?? "all")).toEqual(["a", "b", "c", "all"]);
  await look.once();
  expect(claims.slice(4).map(({ tasks }) => tasks)).toEqual([{ only: null, except: null }]);
});
