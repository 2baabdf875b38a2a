import { setTimeout as pause } from "node:timers/promises";
import type { Jobs } from "#db/jobs";
import type { WorkerOrders } from "#db/worker-runs";
import type { Loop } from "../health/loops.ts";
import type { Log } from "../log/log.ts";
import { createWakeSignal } from "./wake-signal.ts";

/** What a worker run needs. */
export type WorkerRunOptions = {
  readonly jobs: Pick<Jobs, "registerWorker" | "beatWorker" | "releaseWorker">;
  readonly workerId: string;
  readonly leaseSeconds: number;
  /** The tasks that it takes, null for all: told to the database, which knows then what nobody takes. */
  readonly tasks: readonly string[] | null;
  readonly loop: Loop;
  readonly log: Log;
  /** Called when the lease has ended: the jobs of that run belong to others now. */
  readonly onLost: () => void;
  /** Called with what each beat brings, before the first claim too. */
  readonly onOrders: (orders: WorkerOrders) => void;
};

/** This process's present run in the database: the lease of all its jobs. */
export type WorkerRun = {
  /** Gives the id of the run to claim under; registers a new one when the last was lost. */
  readonly current: () => Promise<string>;
  /** Lets go of this run, as when the database has refused it. */
  readonly lose: (run: string, reason: string) => void;
  /**
   * Tells whether the lease still lasts by this process's clock, and is that of `run` where one is given. One that has run out
   * is lost by asking: a process that stood still may be asked before it beats.
   */
  readonly keeps: (run?: string) => boolean;
  /** Beats now and not only when it is time: the database has something to tell. */
  readonly beatNow: () => void;
  /** Why there is no lease at this moment, or null. */
  readonly fault: () => string | null;
  /** Stops beating and gives back what is left; gives the number of jobs given back. */
  readonly end: () => Promise<number>;
};

/** The pause after a beat that failed, in ms: there is time for some more before the lease ends. */
const missedMs = 500;

/** A beat is a cheap statement: its connection counts as dead after a third of the lease, though not before this time, in ms. */
const leastBeatMs = 2_000;

/** Least time between two beats, in ms, however often the database calls. */
const betweenBeatsMs = 20;

/** The run that this process has, and until when its lease lasts at least, by Date.now(): that goes on while a machine is suspended. */
type Held = { readonly run: string; keptUntil: number };

/**
 * Keeps the lease of this worker's jobs by one write every third of its length, whatever their number.
 *
 * States: no run → registered → lost → registered anew. A run is lost when the database says so (beat gives false), or
 * when no beat has got through for a whole lease: by then others may have its jobs, so the worker lets go of them
 * before it hears. What it still reports about them is refused by their tokens.
 */
export function startWorkerRun(options: WorkerRunOptions): WorkerRun {
  const { jobs, leaseSeconds, log } = options;
  const leaseMs = leaseSeconds * 1000;
  const stopping = new AbortController();
  const call = createWakeSignal();
  let held: Held | null = null;
  let registering: Promise<string> | undefined;

  const lose = (run: string, reason: string) => {
    if (held?.run !== run) return;
    log.error("lease lost; its jobs are taken over", { run, reason });
    held = null;
    options.onLost();
  };

  const register = async () => {
    const run = crypto.randomUUID();
    const keptUntil = Date.now() + leaseMs;
    await jobs.registerWorker({ run, workerId: options.workerId, leaseSeconds, tasks: options.tasks });
    const orders = await jobs.beatWorker(run);
    if (orders !== null) options.onOrders(orders);
    held = { run, keptUntil };
    log.debug("worker registered", { run });
    return run;
  };

  const beating = (async () => {
    let isLate = false;
    while (!stopping.signal.aborted) {
      const waitMs = isLate ? Math.min(leaseMs / 3, missedMs) : leaseMs / 3;
      await call.wait(waitMs);
      if (!stopping.signal.aborted && held !== null) isLate = !(await beat(held, { options, lose }));
      await pause(betweenBeatsMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  })();

  return {
    current: () => {
      if (held !== null) return Promise.resolve(held.run);
      registering ??= register().finally(() => {
        registering = undefined;
      });
      return registering;
    },
    lose,
    keeps: (run) => {
      if (held !== null && Date.now() >= held.keptUntil)
        lose(held.run, "no beat got through for a whole lease");
      return held !== null && (run === undefined || run === held.run);
    },
    beatNow: call.wake,
    fault: () => (held === null ? "not registered" : null),
    end: async () => {
      stopping.abort();
      call.wake();
      await beating;
      const last = held?.run;
      held = null;
      return last === undefined ? 0 : jobs.releaseWorker(last);
    },
  };
}

type BeatOptions = { readonly options: WorkerRunOptions; readonly lose: WorkerRun["lose"] };

/** Beats once; false when that did not get through. */
async function beat(held: Held, { options, lose }: BeatOptions): Promise<boolean> {
  const startedAt = Date.now();
  try {
    const limitMs = Math.max(leastBeatMs, (options.leaseSeconds * 1000) / 3);
    const orders = await withinMs(options.jobs.beatWorker(held.run, limitMs), held.keptUntil - startedAt);
    if (orders === null) lose(held.run, "the database has ended it");
    else {
      held.keptUntil = startedAt + options.leaseSeconds * 1000;
      options.onOrders(orders);
    }
    options.loop.succeeded();
    return true;
  } catch (error) {
    options.log.warn("no beat", { error, failures: options.loop.failed(error) });
    if (Date.now() >= held.keptUntil) lose(held.run, "no beat got through for a whole lease");
    return false;
  }
}

async function withinMs<T>(promise: Promise<T>, ms: number): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error("no answer from the database")), Math.max(0, ms));
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
