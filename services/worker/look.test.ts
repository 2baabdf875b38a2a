import { expect, test } from "bun:test";
import type { Jobs, LeasedJob } from "#db/jobs";
import { createLog } from "../log/log.ts";
import { createHeldJobs } from "./held-jobs.ts";
import { createLook } from "./look.ts";
import { createLookBack } from "./look-back.ts";
import { createSlotPool } from "./slot-pool.ts";
import { createSlots } from "./slots.ts";
import { createTaskHealth } from "./task-health.ts";

const job: LeasedJob = {
  id: "1",
  databaseId: "00000000-0000-4000-8000-000000000001",
  taskIdentifier: "a",
  payload: "{}",
  attempt: 1,
  maxAttempts: 25,
  priority: 0,
  runAtUs: 0,
  queueName: null,
  leaseToken: "00000000-0000-4000-8000-000000000002",
  createdAt: new Date(0),
  traceparent: null,
  tracestate: null,
  scheduleId: null,
  scheduledAt: null,
};

/** A look whose claims the test answers, under a run that it can lose. */
function withLook(getJobs: Jobs["getJobs"]) {
  const started: string[] = [];
  const released: (readonly string[])[] = [];
  const held = createHeldJobs();
  let isHeld = true;
  const slots = createSlots({
    pool: createSlotPool(8),
    held,
    onFree: () => {},
    perform: async ({ id }) => void started.push(id),
  });
  const look = createLook({
    jobs: {
      getJobs,
      releaseStrays: async (_, known) => {
        released.push(known);
        return 0;
      },
    },
    run: { current: async () => "run", holds: () => isHeld, lose: () => {} },
    held,
    settler: { takeCompleted: () => ({ leases: [], written: () => {}, putBack: () => {} }) },
    health: createTaskHealth(),
    tasks: null,
    slots,
    back: createLookBack(),
    onFound: () => {},
    log: createLog({ level: "error", format: "json", write: () => {}, now: () => new Date() }),
  });
  const lose = () => {
    isHeld = false;
  };
  return { look, started, released, held, lose };
}

test("what a claim brings whose lease was lost meanwhile is not started", async () => {
  const answer = Promise.withResolvers<Awaited<ReturnType<Jobs["getJobs"]>>>();
  const { look, started, held, lose } = withLook(() => answer.promise);
  const found = look.once();
  await Promise.resolve();
  lose();
  answer.resolve({ jobs: [job], refused: new Set() });
  expect(await found).toBe("nothing");
  expect([started, held.ids()]).toEqual([[], []]);
});

test("what could not be given back is looked for before the next claim", async () => {
  const { look, started, released } = withLook(async () => ({ jobs: [job], refused: new Set() }));
  await look.once();
  expect(released).toEqual([]);
  look.mayHaveStrays();
  await look.once();
  expect(released).toHaveLength(1);
  expect(started).toEqual(["1", "1"]);
});
