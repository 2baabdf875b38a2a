import type { LeasedJob } from "#db/jobs";
import type { Outcome } from "#protocol/outcome";
import type { Log } from "../log/log.ts";
import type { Cancellations } from "./cancellations.ts";
import { type Dispatched, dispatch } from "./dispatch.ts";
import type { HttpClient, HttpRequest } from "./http/http-client.ts";
import type { Settler } from "./settle.ts";
import type { TaskHealth } from "./task-health.ts";
import type { Limits, TaskLimits } from "./task-limits.ts";
import type { AttemptFacts, Settlement } from "./write-outcomes.ts";

/** What performing a job uses. */
export type PerformOptions = {
  readonly request: (job: LeasedJob, limits: Limits) => Promise<HttpRequest | { readonly fault: string }>;
  readonly client: Pick<HttpClient, "post">;
  readonly settler: Pick<Settler, "settle">;
  readonly health: TaskHealth;
  readonly limits: Pick<TaskLimits, "of">;
  readonly cancellations: Pick<Cancellations, "begin" | "end">;
  readonly retryAfterMaxSeconds: number;
  readonly log: Log;
  /** Whether the lease under which the job was claimed is still this worker's, as far as it knows. */
  readonly isLeased: () => boolean;
  /** Called once, when the request is over and before its outcome is written. */
  readonly onAnswered: () => void;
};

/**
 * Takes a claimed job to its settled outcome. Never rejects.
 *
 * A request that was given up has no outcome here: its lease is given back, or is another's by now, or its job is cancelled.
 */
export async function performJob(job: LeasedJob, options: PerformOptions): Promise<void> {
  const startedAt = performance.now();
  const facts = { jobId: job.id, task: job.taskIdentifier, attempt: job.attempt };
  const dispatched = await dispatchedOf(job, options);
  const endedAt = performance.now();
  options.onAnswered();
  try {
    if (dispatched === null) {
      options.health.endTrial(job.taskIdentifier);
      return options.log.info("request given up", facts);
    }
    const { outcome, httpStatus } = dispatched;
    if (outcome.kind === "unreachable") options.health.unreachable(job.taskIdentifier, Date.now());
    else options.health.reached(job.taskIdentifier);

    const lease = { jobId: job.id, leaseToken: job.leaseToken, isUrgent: job.queueName !== null };
    const attempt = { httpStatus, beganAtMs: startedAt, endedAtMs: endedAt };
    const taken = await options.settler.settle(lease, settlementOf(outcome, attempt));
    report(outcome, { log: options.log, taken, facts, ms: Math.round(performance.now() - startedAt) });
  } catch (error) {
    options.log.error("cannot record the outcome", { ...facts, error });
  }
}

async function dispatchedOf(job: LeasedJob, options: PerformOptions): Promise<Dispatched | null> {
  const unsent = (outcome: Outcome) => ({ outcome, httpStatus: null });
  try {
    const limits = options.limits.of(job.taskIdentifier);
    const request = await options.request(job, limits);
    if ("fault" in request) return unsent({ kind: "dead", message: request.fault });
    return await sent({ job, request, timeoutSeconds: limits.timeoutSeconds }, options);
  } catch (error) {
    // Not the function's doing, so it costs no attempt.
    return unsent({ kind: "unreachable", message: error instanceof Error ? error.message : String(error) });
  }
}

type Sending = {
  readonly job: LeasedJob;
  readonly request: HttpRequest;
  readonly timeoutSeconds: number;
};

/** Sends a request, unless its lease is over; null where it was not sent, or given up. */
async function sent(
  { job, request, timeoutSeconds }: Sending,
  { client, retryAfterMaxSeconds, isLeased, cancellations }: PerformOptions,
): Promise<Dispatched | null> {
  const lease = { jobId: job.id, leaseToken: job.leaseToken };
  if (!isLeased() || !cancellations.begin(lease, request)) return null;
  try {
    return await dispatch(request, { client, timeoutSeconds, retryAfterMaxSeconds });
  } finally {
    cancellations.end(lease);
  }
}

function settlementOf(outcome: Outcome, attempt: AttemptFacts): Settlement {
  switch (outcome.kind) {
    case "complete":
    case "accepted":
      return outcome;
    case "dead":
      return { ...outcome, delaySeconds: null, attempt };
    case "retry":
      return { ...outcome, delaySeconds: outcome.notBeforeSeconds ?? null, attempt };
    case "unreachable":
      return { ...outcome, delaySeconds: outcome.retryAfterSeconds ?? null, attempt };
  }
}

type Report = {
  readonly log: Log;
  readonly taken: boolean;
  readonly facts: { readonly jobId: string; readonly task: string; readonly attempt: number };
  readonly ms: number;
};

function report(outcome: Outcome, { log, taken, facts, ms }: Report): void {
  // Not taken: the function's callback was first, or the lease has passed on. Either way the outcome is recorded.
  if (!taken) return log.debug("outcome was already recorded", { ...facts, outcome: outcome.kind, ms });
  switch (outcome.kind) {
    case "complete":
      return log.info("job completed", { ...facts, ms });
    case "accepted":
      return log.info("job accepted; its callback will tell", { ...facts, ms });
    case "retry":
      return log.warn("attempt failed", { ...facts, reason: outcome.message, ms });
    case "unreachable":
      return log.warn("function not reached", { ...facts, reason: outcome.message, ms });
    case "dead":
      return log.error("job failed for good", { ...facts, reason: outcome.message, ms });
  }
}
