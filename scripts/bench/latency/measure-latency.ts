import { join } from "node:path";
import { z } from "zod";
import { temporaryFolder } from "../../options/temporary-folder.ts";
import type { BenchDatabase, BenchServer } from "../host/bench-server.ts";
import { type Program, runProgram } from "../host/run-program.ts";
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
    await using _load = await enqueueBy("enqueue/drive-load.ts", { queue: stage.queue, database, words });
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
    await using load = await enqueueBy("latency/enqueue-paced.ts", { queue: stage.queue, database, words });
    const commits = new Map(pairs.parse(JSON.parse(await load.line(/^\[/))));
    while ((await callsOf(stage.fn)) < count) await Bun.sleep(20);
    const arrivals = pairs.parse(await (await fetch(`${stage.fn.url}?arrivals=true`)).json());
    // A fifth to warm up.
    return arrivals.filter(([n]) => n >= count / 5).map(([n, at]) => at - (commits.get(n) ?? Number.NaN));
  });
}

const pairs = z.array(z.tuple([z.number(), z.number()]));

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
  await fetch(`${fn.url}?keep=true`, { method: "DELETE" });
  return await use(database);
}

type Enqueuing = {
  readonly queue: Queue;
  readonly database: BenchDatabase;
  readonly words: readonly string[];
};

/** Runs a program that enqueues by the queue's own statement. */
async function enqueueBy(program: string, { queue, database, words }: Enqueuing): Promise<Program> {
  const folder = await temporaryFolder("latency-");
  const file = join(folder.path, "statement.json");
  await Bun.write(file, JSON.stringify(queue.addOne(payloadOf(0))));
  const started = runProgram(`scripts/bench/${program}`, { DATABASE_URL: database.url }, [file, ...words]);
  return {
    ...started,
    [Symbol.asyncDispose]: async () => {
      await started[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function callsOf(fn: FunctionServer): Promise<number> {
  return (await fn.calls()).calls;
}
