import { createJobs } from "../../../db/client/jobs.ts";
import { type BenchDatabase, openDatabase } from "../host/bench-server.ts";
import { insertJobs } from "../host/insert-jobs.ts";
import { median } from "../host/percentile.ts";

/** How to measure claims. */
export type ClaimPlan = { readonly seconds: number; readonly isSerial: boolean };

const batch = 100;
const ready = 1_000;
const everything = { only: null, except: null };
let serials = 0;

/**
 * Gives the jobs a second that one connection claims and completes, in batches of 100.
 *
 * A thousand jobs are added after each thousand, so that the table stays as it is; the time that takes is not counted.
 */
export async function measureClaims(database: BenchDatabase, plan: ClaimPlan): Promise<number> {
  await using session = await openRun(database);
  let count = 0;
  let ms = 0;
  while (ms < plan.seconds * 1000) {
    const queues = plan.isSerial ? { queues: { name: `load-${serials++}`, count: ready } } : {};
    await insertJobs(database.sql, { count: ready, ...queues });
    const startedAt = performance.now();
    for (let claimed = 0; claimed < ready; ) {
      const leased = await session.claim(Math.min(batch, ready - claimed));
      if (leased.length === 0) throw new Error("A claim found nothing, though jobs are due.");
      await session.jobs.completeJobs(leased.map(({ id, leaseToken }) => ({ jobId: id, leaseToken })));
      claimed += leased.length;
    }
    count += ready;
    ms += performance.now() - startedAt;
  }
  return (count / ms) * 1000;
}

/** Gives what it costs to find that nothing is due, by both functions that a resting worker calls, in ms. */
export async function measureEmptyPolls(database: BenchDatabase): Promise<number> {
  await using session = await openRun(database);
  const times: number[] = [];
  for (let poll = 0; poll < 300; poll++) {
    const startedAt = performance.now();
    const leased = await session.claim(batch);
    await session.jobs.nextJob();
    times.push(performance.now() - startedAt);
    if (leased.length > 0) throw new Error("A poll that should be empty found jobs.");
  }
  return median(times);
}

/** A worker's run on a connection of its own. */
async function openRun({ url }: BenchDatabase) {
  const sql = openDatabase(url, 1);
  const jobs = createJobs(sql, "app_jobs");
  const run = crypto.randomUUID();
  await jobs.registerWorker({ run, workerId: "bench", leaseSeconds: 3_600 });
  return {
    jobs,
    claim: async (limit: number) => (await jobs.getJobs({ run, limit, tasks: everything })).jobs,
    [Symbol.asyncDispose]: async () => {
      await jobs.releaseWorker(run);
      await sql.end({ timeout: 1 });
    },
  };
}
