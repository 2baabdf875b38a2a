import { setTimeout as pause } from "node:timers/promises";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { CallbackRecord, CallbackResult } from "#db/callbacks";
import { isTransient } from "#db/is-transient";
import type { Jobs, Lease } from "#db/jobs";
import { type CallbackReport, readCallbackReport } from "#protocol/callback";
import { header, headerValue } from "#protocol/headers";
import { isCallbackToken, readCallbackToken } from "../callback-token/callback-token.ts";
import type { KeyRing } from "../callback-token/key-ring.ts";
import type { Log } from "../log/log.ts";

/** One database's jobs, and the keys that sign their tokens. */
export type CallbackQueue = { readonly jobs: Pick<Jobs, "callback">; readonly ring: KeyRing };

/** What the callback app uses. */
export type CallbackAppOptions = {
  /** Of each database; the key that has signed a token tells whose job it is. */
  readonly queues: readonly CallbackQueue[];
  readonly log: Log;
  /** How long a function may take until its next callback, after it reported progress, in seconds. */
  readonly callbackSeconds: number;
  readonly retryAfterMaxSeconds: number;
};

/** How often a job in other hands is asked for, and the pause between, in ms: two seconds, below what a drain waits for. */
const busyTries = 20;
const busyPauseMs = 100;

/** A message and its wrapping; functions have no reason to send more. */
const bodyLimitBytes = 262_144;

/**
 * Gives the app that functions report to: section 4 of the protocol.
 *
 * It answers on every path, since X-Callback-Url may lead through a gateway. The token in the URL decides: a request
 * without a good one is refused before the database is asked for the job, and before its body is read.
 */
export function createCallbackApp(options: CallbackAppOptions): Hono<{ Variables: { holder: Holder } }> {
  const app = new Hono<{ Variables: { holder: Holder } }>();
  const tooLarge = (c: Context) =>
    c.json({ error: `The body is larger than ${bodyLimitBytes} bytes. Send a shorter message.` }, 413);

  app.post("*", async (c, next) => {
    const { headers } = c.req.raw;
    const jobId = headerValue(headers, header.jobId);
    // Probes of the original server send a bare POST.
    if (jobId === undefined) return c.json("OK");
    const workerId = headerValue(headers, header.workerId);
    if (workerId === undefined) return c.json({ error: "Missing X-Worker-Id or X-Job-Id header" }, 400);

    const found = await findLeases(options.queues, { jobId, token: c.req.query("token") ?? "" });
    const [{ lease } = { lease: null }] = found;
    if (lease === null)
      return c.json({ error: "Missing or wrong token. Post to the X-Callback-Url as it was given." }, 401);
    c.set("holder", { workerId, found, lease });
    return next();
  });

  app.post("*", bodyLimit({ maxSize: bodyLimitBytes, onError: tooLarge }), async (c) => {
    const { workerId, found, lease } = c.get("holder");
    const report = readCallbackReport(
      { headers: c.req.raw.headers, body: await c.req.text() },
      { now: new Date(), maxSeconds: options.retryAfterMaxSeconds },
    );
    if (report.kind === "invalid") return c.json({ error: `${report.reason}. Send JSON, or no body.` }, 400);
    const result = await record(found, recordOf(report, options.callbackSeconds));
    const databaseId = c.req.header(header.databaseId);
    note(report, { lease, databaseId, result, log: options.log });
    if (result === "busy") {
      c.header("Retry-After", "1");
      return c.json({ error: "Another transaction has the job in its hands. Try again." }, 503);
    }
    return result === "passed on"
      ? c.json(
          {
            error: "This lease has passed on: the job was cancelled, taken back or given to another worker.",
          },
          409,
        )
      : c.json({ workerId, jobId: lease.jobId });
  });

  // Not notFound, which is forgotten when the app becomes a part of another.
  app.all("*", (c) =>
    c.json(
      {
        error: `Nothing is at ${c.req.method} ${c.req.path}. Report an outcome by POST to the X-Callback-Url.`,
      },
      404,
    ),
  );
  app.onError((error, c) => {
    options.log.error("callback not recorded", { error });
    if (!isTransient(error)) return c.json({ error: "The callback could not be recorded." }, 500);
    c.header("Retry-After", "1");
    return c.json({ error: "The database is away. Try again." }, 503);
  });
  return app;
}

type Shown = { readonly jobId: string; readonly token: string };

/** Who has shown a good token. */
type Holder = { readonly workerId: string; readonly found: readonly Found[]; readonly lease: Lease };

type Found = { readonly jobs: CallbackQueue["jobs"]; readonly lease: Lease };

/** Gives the leases that a token stands for. The key that has signed it may be newer than those that are known. */
async function findLeases(queues: readonly CallbackQueue[], shown: Shown): Promise<Found[]> {
  const found = await readLeases(queues, shown, "keys");
  return found.length > 0 || !isCallbackToken(shown.token) ? found : readLeases(queues, shown, "renewed");
}

/**
 * Gives the lease that a token stands for, with each queue whose key has signed it: one, but for databases that are copies of each
 * other. One that is away delays what is another's, and fails none of it.
 *
 * @throws what a database that is away says, where no other knows the token.
 */
async function readLeases(
  queues: readonly CallbackQueue[],
  { jobId, token }: Shown,
  from: keyof KeyRing,
): Promise<Found[]> {
  const tries = await Promise.allSettled(
    queues.map(async ({ jobs, ring }) => {
      const lease = readCallbackToken(jobId, token, await ring[from]());
      return lease === null ? [] : [{ jobs, lease }];
    }),
  );
  const found = tries.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
  const failed = tries.find((one) => one.status === "rejected");
  if (found.length === 0 && failed !== undefined) throw failed.reason;
  return found;
}

/**
 * Records a callback where its lease is. A job that another transaction has in its hands is asked for again, some seconds long: no
 * connection to the database is kept busy meanwhile, which others' callbacks would wait for.
 */
async function record(found: readonly Found[], report: CallbackRecord): Promise<CallbackResult> {
  for (let tries = 1; ; tries++) {
    const result = await recordOnce(found, report);
    if (result !== "busy" || tries === busyTries) return result;
    await pause(busyPauseMs);
  }
}

async function recordOnce(found: readonly Found[], report: CallbackRecord): Promise<CallbackResult> {
  let best: CallbackResult = "passed on";
  for (const { jobs, lease } of found) {
    const result = await jobs.callback(lease, report);
    if (result === "taken" || result === "busy") return result;
    if (result === "repeated") best = result;
  }
  return best;
}

type ReadReport = Exclude<CallbackReport, { readonly kind: "invalid" }>;

function recordOf(report: ReadReport, callbackSeconds: number): CallbackRecord {
  switch (report.kind) {
    case "success":
      return { kind: "complete" };
    case "failure":
      return {
        kind: report.retry ? "retry" : "dead",
        error: report.message,
        delaySeconds: report.retryAfterSeconds ?? null,
      };
    case "progress":
      return {
        kind: "progress",
        progress: report.progress ?? null,
        message: report.message ?? null,
        callbackSeconds,
      };
  }
}

/** What a function says, and is logged as it is. */
const isUuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

type Facts = {
  readonly lease: Lease;
  /** The tenant, as the function says it. */
  readonly databaseId: string | undefined;
  readonly result: string;
  readonly log: Log;
};

function note(report: ReadReport, { lease: { jobId }, databaseId, result, log }: Facts): void {
  const facts = { jobId, ...(databaseId !== undefined && isUuid.test(databaseId) ? { databaseId } : {}) };
  if (result !== "taken")
    return log.debug("callback changed nothing", { ...facts, kind: report.kind, result });
  switch (report.kind) {
    case "success":
      return log.info("job completed by callback", facts);
    case "progress":
      return log.debug("progress by callback", { ...facts, progress: report.progress });
    case "failure":
      return log.warn("attempt failed by callback", {
        ...facts,
        reason: report.message,
        final: !report.retry,
      });
  }
}
