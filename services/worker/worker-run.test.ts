import { expect, test } from "bun:test";
import { createLog } from "../log/log.ts";
import { until } from "../testing/until.ts";
import { startWorkerRun } from "./worker-run.ts";

const log = createLog({ level: "error", format: "json", write: () => undefined, now: () => new Date() });

/** Starts a run whose beats get no answer once it is registered. */
function startSilentRun() {
  let lost = 0;
  let isNew = false;
  const run = startWorkerRun({
    jobs: {
      registerWorker: () => {
        isNew = true;
        return Promise.resolve();
      },
      beatWorker: () => {
        if (!isNew) return new Promise(() => undefined);
        isNew = false;
        return Promise.resolve({ cancelled: [], policies: [] });
      },
      releaseWorker: () => Promise.resolve(0),
    },
    workerId: "w",
    leaseSeconds: 0.5,
    tasks: null,
    loop: { succeeded: () => undefined, failed: () => 1 },
    log,
    onOrders: () => undefined,
    onLost: () => {
      lost += 1;
    },
  });
  return { run, lost: () => lost };
}

test("a run whose lease has run out by the clock is lost by asking, before a beat tells of it", async () => {
  const { run, lost } = startSilentRun();
  const id = await run.current();
  // Nothing else runs meanwhile, as when the process stands still.
  const over = Date.now() + 600;
  while (Date.now() < over);
  expect(run.keeps(id)).toBe(false);
  expect(lost()).toBe(1);
  expect(run.fault()).not.toBeNull();
  await run.end();
});

test("a run keeps its own jobs alone: what was claimed under one that was lost is not the next one's", async () => {
  const { run, lost } = startSilentRun();
  const first = await run.current();
  await until("the first run is lost", () => lost() > 0);
  const second = await run.current();
  expect(second).not.toBe(first);
  expect(run.keeps(first)).toBe(false);
  await run.end();
});
