import type { z } from "zod";
import type { DatabaseSettings } from "#db/connect";
import { createSchedules } from "#db/schedules";
import type { pollSettings } from "../config/poll-settings.ts";
import type { querySettings } from "../config/query-settings.ts";
import { awaitDatabase } from "../database/await-database.ts";
import { databaseCheck } from "../database/database-check.ts";
import { forEachDatabase, type Part } from "../database/for-each-database.ts";
import { type Ear, listenOrPoll } from "../database/listen-or-poll.ts";
import { openServicePool } from "../database/open-service-pool.ts";
import { whileAway } from "../database/while-away.ts";
import { createLoops } from "../health/loops.ts";
import type { Log } from "../log/log.ts";
import { createDrain } from "../run/create-drain.ts";
import { leftBehind, lookWidth } from "./look.ts";
import { startTickLoop, type TickLoop } from "./tick-loop.ts";

/** What a scheduler needs to know, parsed. */
export type SchedulerSettings = z.infer<z.ZodObject<typeof pollSettings & typeof querySettings>> &
  DatabaseSettings & { readonly JOBS_DATABASES: readonly string[]; readonly JOBS_SCHEMA: string };

/**
 * A scheduler that runs. It is ready when it runs ticks, and listens or knows that it has to poll.
 *
 * `drain` lets the look under way end, or, with `true`, cuts it off: its statements either have happened or have not.
 */
export type Scheduler = Part;

type Parts = { readonly loop: TickLoop; readonly ear: Ear };

const drainMs = 5_000;

/** Starts a scheduler: it hears of schedules, reads their rules, and makes a job at each tick. Any number may run. */
export function startScheduler(settings: SchedulerSettings, { log }: { readonly log: Log }): Scheduler {
  return forEachDatabase(settings, { log, start: startOne });
}

function startOne(settings: SchedulerSettings, { log }: { readonly log: Log }): Scheduler {
  const sql = openServicePool(settings, { max: lookWidth + leftBehind, name: "jobs-scheduler", log });
  const loops = createLoops({ log });
  const stopping = new AbortController();
  let parts: Parts | null = null;

  const started = awaitDatabase(sql, { settings, log, signal: stopping.signal }).then(async (reach) => {
    if (stopping.signal.aborted) return;
    const schedules = createSchedules(sql, settings.JOBS_SCHEMA);
    // Asks for what a look reads, and so for the role's rights.
    const nothing = { limit: 1, except: [] };
    await whileAway(() => schedules.due(new Date(0), nothing), { signal: stopping.signal });
    if (stopping.signal.aborted) return;
    const loop = startTickLoop({
      schedules,
      pollSeconds: settings.JOBS_POLL_SECONDS,
      loop: loops.add("ticks"),
      log,
    });
    const ear = listenOrPoll(settings, {
      ...reach,
      onNotify: { "scheduled_jobs:insert": loop.wake },
      log,
    });
    parts = { loop, ear };
  });
  const ready = started.then(() => parts?.ear.settled);
  ready.catch(() => undefined);

  const stop = createDrain(async (patience) => {
    await started.catch(() => undefined);
    await Promise.race([parts?.loop.drain(), patience(drainMs)]);
    await parts?.ear.stop();
    await sql.end(1);
  });

  return {
    ready,
    checks: [
      databaseCheck(sql),
      { name: "scheduler", fault: () => faultOf(parts, stopping.signal.aborted) },
      loops.check,
    ],
    drain: (now) => {
      stopping.abort();
      return stop(now);
    },
  };
}

function faultOf(parts: Parts | null, isStopping: boolean): string | null {
  if (isStopping) return "stopping";
  if (parts === null) return "starting";
  return parts.loop.fault();
}
