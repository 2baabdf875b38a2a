import type { z } from "zod";
import { createJobs } from "#db/jobs";
import { createKeyRing } from "../callback-token/key-ring.ts";
import { awaitDatabase } from "../database/await-database.ts";
import { databaseCheck } from "../database/database-check.ts";
import { forEachDatabase, type Part } from "../database/for-each-database.ts";
import { openServicePool } from "../database/open-service-pool.ts";
import { whileAway } from "../database/while-away.ts";
import type { Check } from "../health/create-health-app.ts";
import { createHealthApp } from "../health/create-health-app.ts";
import { serve } from "../http/serve.ts";
import type { Log } from "../log/log.ts";
import { createDrain } from "../run/create-drain.ts";
import { type CallbackQueue, createCallbackApp } from "./create-callback-app.ts";
import type { callbackSettings } from "./settings.ts";

/** What a callback server needs to know, parsed. */
export type CallbackSettings = Omit<z.infer<typeof callbackSettings>, "JOBS_LOG_LEVEL" | "JOBS_LOG_FORMAT">;

/** A callback takes milliseconds; one whose body does not come is sent again. */
const drainMs = 5_000;

/** A callback server that listens. */
export type CallbackServer = {
  readonly port: number;
  /** Resolves when it can record outcomes; rejects with a StartError when it never will. */
  readonly ready: Promise<void>;
  /** Lets callbacks under way finish for five seconds, or with `true`, also when called again, cuts them off; and resolves. */
  readonly drain: (now?: boolean) => Promise<void>;
};

/** What else a callback server uses. */
export type CallbackOptions = {
  readonly log: Log;
  /** Checks of the parts that share its health routes. */
  readonly checks?: () => readonly Check[];
};

/**
 * Starts the callback server, with the health routes on the same port.
 *
 * @throws StartError when the port cannot be used.
 */
export function startCallback(
  settings: CallbackSettings,
  { log, checks = () => [] }: CallbackOptions,
): CallbackServer {
  let isStopping = false;
  const queues: CallbackQueue[] = [];
  const stops = { name: "callback", fault: () => (isStopping ? "stopping" : null) };
  const app = createHealthApp(() => [stops, ...records.checks, ...checks()]).route(
    "/",
    createCallbackApp({
      queues,
      log,
      callbackSeconds: settings.JOBS_CALLBACK_TIMEOUT_SECONDS,
      retryAfterMaxSeconds: settings.JOBS_RETRY_AFTER_MAX_SECONDS,
    }),
  );
  const server = serve(app, {
    port: settings.INTERNAL_JOBS_CALLBACK_PORT,
    host: settings.JOBS_CALLBACK_BIND,
    variable: "INTERNAL_JOBS_CALLBACK_PORT",
    what: "the callback server",
  });
  // After the port, so that one that is taken leaves nothing behind.
  const records = forEachDatabase(settings, {
    log,
    start: (one, options) => {
      const { queue, part } = startRecords(one, options);
      queues.push(queue);
      return part;
    },
  });

  return {
    port: server.port,
    ready: records.ready,
    drain: createDrain(async (patience) => {
      isStopping = true;
      await Promise.race([server.stop(), patience(drainMs)]);
      await server.stop(true);
      await records.drain();
    }),
  };
}

/** What records the callbacks of one database's jobs. */
function startRecords(
  settings: CallbackSettings,
  { log }: { readonly log: Log },
): { readonly queue: CallbackQueue; readonly part: Part } {
  const sql = openServicePool(settings, { max: 4, name: "jobs-callback", log });
  const jobs = createJobs(sql, settings.JOBS_SCHEMA, { keepSeconds: settings.JOBS_KEEP_COMPLETED ?? null });
  const ring = createKeyRing(jobs);
  const stopping = new AbortController();
  const ready = awaitDatabase(sql, { settings, log, signal: stopping.signal }).then(async () => {
    await whileAway(async () => ring.keys(), { signal: stopping.signal });
  });
  ready.catch(() => undefined);
  const drain = async () => {
    stopping.abort();
    await sql.end(2);
  };
  return { queue: { jobs, ring }, part: { ready, checks: [databaseCheck(sql)], drain } };
}
