import { setTimeout as pause } from "node:timers/promises";
import type { z } from "zod";
import { connect, type DatabaseSettings } from "#db/connect";
import { createJobs } from "#db/jobs";
import type { pollSettings } from "../config/poll-settings.ts";
import { awaitDatabase } from "../database/await-database.ts";
import type { Check } from "../health/create-health-app.ts";
import type { Log } from "../log/log.ts";
import type { dispatchSettings } from "./settings.ts";
import { startParts } from "./start-parts.ts";

/** What a worker needs to know, parsed. */
export type WorkerSettings = z.infer<z.ZodObject<typeof dispatchSettings & typeof pollSettings>> &
  DatabaseSettings & {
    readonly JOBS_SCHEMA: string;
    /** Where functions reach the callback server. */
    readonly callbackUrl: string;
  };

/** A worker that runs. */
export type Worker = {
  /** Resolves when it can claim, and listens or knows that it has to poll; rejects with a StartError when it never will. */
  readonly ready: Promise<void>;
  readonly checks: readonly Check[];
  /**
   * Stops claiming, lets requests in flight finish for JOBS_DRAIN_SECONDS, gives the other jobs back, and resolves.
   * With `true`, also when called a second time, it waits for no request.
   */
  readonly drain: (now?: boolean) => Promise<void>;
};

/** Starts a worker: it hears of jobs, claims them, sends them to their functions and writes the outcomes down. */
export function startWorker(settings: WorkerSettings, { log }: { readonly log: Log }): Worker {
  // Six connections: claims and beats do not wait for a batch of outcomes, whose three kinds go side by side.
  const sql = connect(settings, { max: 6, name: "jobs-worker" });
  const jobs = createJobs(sql, settings.JOBS_SCHEMA, {
    keepSeconds: settings.JOBS_KEEP_COMPLETED ?? null,
  });
  const stopping = new AbortController();
  const hurry = new AbortController();
  let parts: ReturnType<typeof startParts> | null = null;

  const started = awaitDatabase(sql, { settings, log, signal: stopping.signal }).then(({ isPooled }) => {
    if (!stopping.signal.aborted) parts = startParts(settings, { jobs, log, isPooled });
  });
  const ready = started.then(() => parts?.whenReady());
  ready.catch(() => undefined);

  const databaseFault = async () => {
    await sql.unsafe("select 1");
    return null;
  };
  const workerFault = () =>
    stopping.signal.aborted ? "stopping" : (parts?.fault() ?? (parts ? null : "starting"));

  const stop = async () => {
    await started.catch(() => undefined);
    const patience = pause(settings.JOBS_DRAIN_SECONDS * 1000, undefined, { signal: hurry.signal });
    await parts?.drain(patience.catch(() => undefined));
    hurry.abort();
    await sql.end({ timeout: 2 });
  };
  let stopped: Promise<void> | undefined;

  return {
    ready,
    checks: [
      { name: "database", fault: databaseFault },
      { name: "worker", fault: workerFault },
    ],
    drain: (now = false) => {
      stopping.abort();
      if (now) hurry.abort();
      stopped ??= stop();
      return stopped;
    },
  };
}
