import { setTimeout as pause } from "node:timers/promises";
import type { z } from "zod";
import type { DatabaseSettings } from "#db/connect";
import { createJobs } from "#db/jobs";
import type { pollSettings } from "../config/poll-settings.ts";
import type { querySettings } from "../config/query-settings.ts";
import { awaitDatabase } from "../database/await-database.ts";
import { databaseCheck } from "../database/database-check.ts";
import { forEachDatabase, type Part } from "../database/for-each-database.ts";
import { openServicePool } from "../database/open-service-pool.ts";
import { createLoops } from "../health/loops.ts";
import type { Log } from "../log/log.ts";
import { createDrain } from "../run/create-drain.ts";
import type { dispatchSettings } from "./settings.ts";
import { createSlotPool, type SlotPool } from "./slot-pool.ts";
import { startParts } from "./start-parts.ts";

/** What a worker needs to know, parsed. */
export type WorkerSettings = z.infer<
  z.ZodObject<typeof dispatchSettings & typeof pollSettings & typeof querySettings>
> &
  DatabaseSettings & {
    readonly JOBS_DATABASES: readonly string[];
    readonly JOBS_SCHEMA: string;
    /** Where functions reach the callback server. */
    readonly callbackUrl: string;
  };

/**
 * A worker that runs. It is ready when it can claim, and listens or knows that it has to poll.
 *
 * `drain` stops claiming, lets requests in flight finish for JOBS_DRAIN_SECONDS, gives the other jobs back, and resolves.
 * With `true`, also when called a second time, it waits for no request.
 */
export type Worker = Part;

/** How long a worker that stops tries to give its jobs back, after the last request, in ms. */
const giveBackMs = 3_000;

/**
 * Starts a worker: it hears of jobs, claims them, sends them to their functions and writes the outcomes down. For several
 * databases it shares JOBS_CONCURRENCY out fairly.
 */
export function startWorker(settings: WorkerSettings, { log }: { readonly log: Log }): Worker {
  const pool = createSlotPool(settings.JOBS_CONCURRENCY);
  return forEachDatabase(settings, { log, start: (one, options) => startOne(one, { ...options, pool }) });
}

type OneOptions = { readonly log: Log; readonly pool: SlotPool };

function startOne(settings: WorkerSettings, { log, pool }: OneOptions): Worker {
  // Six connections: claims and beats do not wait for a batch of outcomes, whose three kinds go side by side.
  const sql = openServicePool(settings, { max: 6, name: "jobs-worker", log });
  const jobs = createJobs(sql, settings.JOBS_SCHEMA, { keepSeconds: settings.JOBS_KEEP_COMPLETED ?? null });
  const loops = createLoops({ log });
  const stopping = new AbortController();
  const done = new AbortController();
  let parts: ReturnType<typeof startParts> | null = null;

  const started = awaitDatabase(sql, { settings, log, signal: stopping.signal }).then((reach) => {
    if (!stopping.signal.aborted) parts = startParts(settings, { jobs, pool, loops, log, reach });
  });
  const ready = started.then(() => parts?.whenReady());
  ready.catch(() => undefined);

  const workerFault = () =>
    stopping.signal.aborted ? "stopping" : (parts?.fault() ?? (parts ? null : "starting"));

  const stop = createDrain(async (patience) => {
    await started.catch(() => undefined);
    const waited = patience(settings.JOBS_DRAIN_SECONDS * 1000);
    const drained = parts?.drain(waited);
    // A database that answers takes the jobs back at once; one that is silent is not waited for.
    const lastMs = waited.then(() => pause(giveBackMs, undefined, { signal: done.signal }));
    const isDrained = await Promise.race([drained?.then(() => true), lastMs.catch(() => false)]);
    done.abort();
    await Promise.all([drained, sql.end(isDrained === true ? 2 : 0)]);
  });

  return {
    ready,
    checks: [
      databaseCheck(sql),
      { name: "worker", fault: workerFault, note: () => parts?.note() ?? null },
      loops.check,
    ],
    drain: (now) => {
      stopping.abort();
      return stop(now);
    },
  };
}
