import type { BenchDatabase, BenchServer } from "./bench-server.ts";
import { feedQueue } from "./feed-queue.ts";
import { startFunction } from "./start-function.ts";
import { startWorker } from "./start-worker.ts";
import { type Sample, watchQueue } from "./watch-queue.ts";

/** A queue that is kept full or fed evenly, with a worker, a function and a database of its own. */
export type Lane = AsyncDisposable & {
  readonly database: BenchDatabase;
  readonly workerPid: number;
  readonly sample: () => Promise<Sample>;
  /** Enqueues so many jobs a second from now on, or more where the queue would run empty; 0 keeps it at a few thousand. */
  readonly setLoad: (perSecond: number) => void;
  /** Enqueues so many jobs a second from now on, whatever waits. */
  readonly setPace: (perSecond: number) => void;
};

/** Jobs that wait while the queue is topped up. */
const waiting = 5_000;
/** Jobs are called before anything is measured. */
const warmUpCalls = 10_000;

/** Opens a lane and resolves when it has warmed up. */
export async function openLane(server: BenchServer, inFlight: number): Promise<Lane> {
  await using opened = new AsyncDisposableStack();
  const database = opened.use(await server.database());
  const fn = opened.use(await startFunction());
  const worker = opened.use(startWorker({ database, functionUrl: fn.url, inFlight }));
  const called = async () => (await fn.calls("count")).calls;

  let load = { perSecond: 0, since: 0, added: 0, isFull: true };
  let now = { seconds: 0, added: 0 };
  opened.use(
    feedQueue(database.sql, async (added, seconds) => {
      now = { seconds, added };
      const owed = load.perSecond * (seconds - load.since) - (added - load.added);
      return load.isFull ? Math.max(owed, waiting - (added - (await called()))) : owed;
    }),
  );
  const setLoad = (perSecond: number, isFull: boolean) => {
    load = { perSecond, since: now.seconds, added: now.added, isFull };
  };
  while ((await called()) < warmUpCalls) await Bun.sleep(50);

  const sample = await watchQueue({ sql: database.sql, fn, worker });
  const closing = opened.move();
  return {
    database,
    workerPid: worker.pid,
    sample,
    setLoad: (perSecond) => setLoad(perSecond, true),
    setPace: (perSecond) => setLoad(perSecond, false),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}
