import type { BenchDatabase, BenchServer } from "../host/bench-server.ts";
import { commitsOf, enqueueBy } from "../host/enqueue-by.ts";
import type { FunctionServer } from "../host/start-function-server.ts";
import { execute, payloadOf, type Queue } from "../peers/queue.ts";

/** What a queue is measured with. */
export type LatencyStage = {
  readonly server: BenchServer;
  readonly fn: FunctionServer;
  readonly queue: Queue;
};

const inFlight = 32;

/** Gives the most jobs a second that go in and out at once: eight connections enqueue as fast as they can. */
export async function measureThroughput(stage: LatencyStage, seconds: number): Promise<number> {
  return await withWorker(stage, async (database) => {
    const words = [String(8), String(seconds + 2)];
    const statement = stage.queue.addOne(payloadOf(0));
    await using _load = await enqueueBy("enqueue/drive-load.ts", { statement, database, words });
    await Bun.sleep(1000);
    const [before, from] = [await callsOf(stage.fn), performance.now()];
    await Bun.sleep(seconds * 1000);
    return ((await callsOf(stage.fn)) - before) / ((performance.now() - from) / 1000);
  });
}

/**
 * Gives how long jobs took from their commit to the function's first byte, in ms; rate 0 for one at a time.
 *
 * The commit's time is the server's own (track_commit_timestamp): it is read when the commit begins, so that flushing it to disk
 * is part of the wait, for every queue alike. The arrival's is the function server's, of the same machine's clock.
 */
export async function measureLatency(stage: LatencyStage, count: number, rate: number): Promise<number[]> {
  return await withWorker(stage, async (database) => {
    const words = [String(count), String(rate)];
    const statement = stage.queue.addOne(payloadOf(0));
    await using load = await enqueueBy("latency/enqueue-paced.ts", { statement, database, words });
    const commits = await commitsOf(load);
    while ((await callsOf(stage.fn)) < count) await Bun.sleep(20);
    const arrivals = await stage.fn.arrivals();
    // A fifth to warm up.
    return [...arrivals]
      .filter(([n]) => n >= count / 5)
      .map(([n, at]) => at - (commits.get(n)?.committedAt ?? Number.NaN));
  });
}

/** Runs a worker that has already called the function once, on a database of its own. */
async function withWorker<T>(stage: LatencyStage, use: (database: BenchDatabase) => Promise<T>): Promise<T> {
  const { server, fn, queue } = stage;
  await using database = await server.database();
  await queue.prepare(database);
  await fetch(fn.url, { method: "DELETE" });
  await using _worker = await queue.startWorker({ database, functionUrl: fn.url, inFlight, aim: "latency" });
  await execute(database.sql, queue.addOne(payloadOf(-1)));
  while ((await callsOf(fn)) === 0) await Bun.sleep(20);
  await Bun.sleep(500);
  await fn.noteArrivals();
  return await use(database);
}

async function callsOf(fn: FunctionServer): Promise<number> {
  return (await fn.calls()).calls;
}
