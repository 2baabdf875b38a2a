import type { BenchDatabase } from "../host/bench-server.ts";
import { insertJobs } from "../host/insert-jobs.ts";
import type { FunctionServer } from "../host/start-function-server.ts";
import { startWorker } from "../host/start-worker.ts";

/** How to measure dispatch. */
export type DispatchPlan = {
  readonly fn: FunctionServer;
  readonly count: number;
  readonly inFlight: number;
  readonly isSerial: boolean;
};

let serials = 0;

/** Adds `count` jobs and gives the calls a second of a worker from the first tenth of as many on. */
export async function measureDispatch(database: BenchDatabase, plan: DispatchPlan): Promise<number> {
  const { fn, count, inFlight, isSerial } = plan;
  await insertJobs(database.sql, {
    count,
    ...(isSerial ? { queues: { name: `sent-${serials++}`, count } } : {}),
  });
  const before = await fn.calls();
  await using _worker = startWorker({ database, functionUrl: fn.url, inFlight });
  let first: { calls: number; at: number } | undefined;
  for (;;) {
    const now = await fn.calls();
    const calls = now.calls - before.calls;
    if (first === undefined && calls >= count / 10) first = { calls, at: now.at };
    if (first !== undefined && calls >= count)
      return ((calls - first.calls) / (now.lastAt - first.at)) * 1000;
    await Bun.sleep(10);
  }
}
