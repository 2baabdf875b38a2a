import { setTimeout as pause } from "node:timers/promises";
import type { z } from "zod";
import { connect, type DatabaseSettings } from "#db/connect";
import { type Listener, startListener } from "#db/listen";
import { createSchedules } from "#db/schedules";
import type { pollSettings } from "../config/poll-settings.ts";
import { awaitDatabase } from "../database/await-database.ts";
import type { Check } from "../health/create-health-app.ts";
import type { Log } from "../log/log.ts";
import { lookWidth } from "./look.ts";
import { startTickLoop, type TickLoop } from "./tick-loop.ts";

/** What a scheduler needs to know, parsed. */
export type SchedulerSettings = z.infer<z.ZodObject<typeof pollSettings>> &
  DatabaseSettings & { readonly JOBS_SCHEMA: string };

/** A scheduler that runs. */
export type Scheduler = {
  /** Resolves when it runs ticks and listens; rejects with a StartError when it never will. */
  readonly ready: Promise<void>;
  readonly checks: readonly Check[];
  /** Lets the look under way end, or, with `true`, cuts it off: its statements either have happened or have not. */
  readonly drain: (now?: boolean) => Promise<void>;
};

type Parts = { readonly loop: TickLoop; readonly listener: Listener };

const drainMs = 5_000;

/** Starts a scheduler: it hears of schedules, reads their rules, and makes a job at each tick. Any number may run. */
export function startScheduler(settings: SchedulerSettings, { log }: { readonly log: Log }): Scheduler {
  const sql = connect(settings, { max: lookWidth, name: "jobs-scheduler" });
  const stopping = new AbortController();
  const hurry = new AbortController();
  const heard = Promise.withResolvers<void>();
  let parts: Parts | null = null;

  const started = awaitDatabase(sql, { settings, log, signal: stopping.signal }).then(() => {
    if (stopping.signal.aborted) return;
    const schedules = createSchedules(sql, settings.JOBS_SCHEMA);
    const loop = startTickLoop({ schedules, pollSeconds: settings.JOBS_POLL_SECONDS, log });
    parts = { loop, listener: listen(settings, { loop, log, onHeard: heard.resolve }) };
  });
  const ready = started.then(() => (stopping.signal.aborted ? undefined : heard.promise));
  ready.catch(() => undefined);

  const stop = async () => {
    await started.catch(() => undefined);
    const patience = pause(drainMs, undefined, { signal: hurry.signal }).catch(() => undefined);
    await Promise.race([parts?.loop.drain(), patience]);
    hurry.abort();
    await parts?.listener.stop();
    await sql.end({ timeout: 1 });
  };
  let stopped: Promise<void> | undefined;

  return {
    ready,
    checks: [
      { name: "database", fault: () => sql`select 1`.then(() => null) },
      { name: "scheduler", fault: () => faultOf(parts, stopping.signal.aborted) },
    ],
    drain: (now = false) => {
      stopping.abort();
      heard.resolve();
      if (now) hurry.abort();
      stopped ??= stop();
      return stopped;
    },
  };
}

function faultOf(parts: Parts | null, isStopping: boolean): string | null {
  if (isStopping) return "stopping";
  if (parts === null) return "starting";
  return parts.loop.fault() ?? (parts.listener.isListening() ? null : "not listening");
}

type ListenOptions = { readonly loop: TickLoop; readonly log: Log; readonly onHeard: () => void };

function listen(settings: DatabaseSettings, { loop, log, onHeard }: ListenOptions): Listener {
  return startListener({
    settings,
    channels: ["scheduled_jobs:insert"],
    onNotify: loop.wake,
    onState: (listening, reason) => {
      if (listening) onHeard();
      else if (reason !== undefined) log.warn("not listening; polling meanwhile", { error: reason });
    },
  });
}
