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

/** The request of a job, or why there can be none. */
export type MadeRequest = HttpRequest | { readonly fault: string };

/** What performing a job uses. */
export type PerformOptions = {
  /** Makes the request of a job, at once where nothing has to be waited for. */
  readonly request: (job: LeasedJob, limits: Limits) => MadeRequest | Promise<MadeRequest>;
  readonly client: Pick<HttpClient, "post">;
  readonly settler: Pick<Settler, "settle">;
  readonly health: TaskHealth;
  readonly limits: Pick<TaskLimits, "of">;
  readonly cancellations: Pick<Cancellations, "begin" | "end">;
  readonly retryAfterMaxSeconds: number;
  /** Called when something may be due by what was settled: the next job of a serial queue, or a retry. */
  readonly onLeft: (what: "queue" | "retry") => void;
  readonly log: Log;
};

/** What one job's way depends on, and tells. */
export type PerformEvents = {
  /** Whether the lease under which the job was claimed is still this worker's, as far as it knows. */
  readonly isLeased: () => boolean;
  /** Called once, when the request is over and before its outcome is written. */
  readonly onAnswered: () => void;
};

/**
 * Takes a claimed job to its settled outcome, and gives whether something may be due after it that nobody tells of: the next job of
 * its serial queue, its own retry, the other jobs of a task that is in reach again. Never rejects.
 *
 * A request that was given up has no outcome here: its lease is given back, or is another's by now, or its job is cancelled.
 */
export async function performJob(
  job: LeasedJob,
  options: PerformOptions,
  events: PerformEvents,
): Promise<boolean> {
  const startedAt = performance.now();
  const facts = factsOf(job);
  const dispatched = await dispatchedOf(job, options, events.isLeased);
  const endedAt = performance.now();
  events.onAnswered();
  try {
    if (dispatched === null) {
      options.health.endTrial(job.taskIdentifier);
      options.log.info("request given up", facts);
      return true;
    }
    const { outcome, httpStatus } = dispatched;
    const isBack = notesHealth(outcome, { task: job.taskIdentifier, health: options.health });
    const isUrgent = job.queueName !== null;
    const lease = { jobId: job.id, leaseToken: job.leaseToken, isUrgent };
    const attempt = { httpStatus, beganAtMs: startedAt, endedAtMs: endedAt };
    const taken = await options.settler.settle(lease, settlementOf(outcome, attempt));
    if (isUrgent && outcome.kind !== "accepted") options.onLeft("queue");
    else if (outcome.kind === "retry" || outcome.kind === "unreachable") options.onLeft("retry");
    report(outcome, { log: options.log, taken, facts, ms: Math.round(performance.now() - startedAt) });
    return isBack || isUrgent || !(outcome.kind === "complete" || outcome.kind === "accepted");
  } catch (error) {
    options.log.error("cannot record the outcome", { ...facts, error });
    return true;
  }
}

/** Gives what names a job and its attempt in the log. */
function factsOf({ id, databaseId, taskIdentifier, attempt }: LeasedJob) {
  return { jobId: id, databaseId, task: taskIdentifier, attempt };
}

type HealthNote = { readonly task: string; readonly health: TaskHealth };

/** Notes whether a task was reached; true where it is in reach again. */
function notesHealth(outcome: Outcome, { task, health }: HealthNote): boolean {
  if (outcome.kind !== "unreachable") return health.reached(task);
  health.unreachable(task, Date.now());
  return false;
}

/** Sends a job's request, unless its lease is over; null where it was not sent, or given up. */
async function dispatchedOf(
  job: LeasedJob,
  options: PerformOptions,
  isLeased: PerformEvents["isLeased"],
): Promise<Dispatched | null> {
  const { client, cancellations, retryAfterMaxSeconds } = options;
  const unsent = (outcome: Outcome) => ({ outcome, httpStatus: null });
  let begun: HttpRequest | undefined;
  try {
    const limits = options.limits.of(job.taskIdentifier);
    const made = options.request(job, limits);
    const request = made instanceof Promise ? await made : made;
    if ("fault" in request) return unsent({ kind: "dead", message: request.fault });
    if (!isLeased() || !cancellations.begin(job, request)) return null;
    begun = request;
    return await dispatch(request, { client, timeoutSeconds: limits.timeoutSeconds, retryAfterMaxSeconds });
  } catch (error) {
    // Not the function's doing, so it costs no attempt.
    return unsent({ kind: "unreachable", message: error instanceof Error ? error.message : String(error) });
  } finally {
    if (begun !== undefined) cancellations.end(begun);
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
  readonly facts: ReturnType<typeof factsOf>;
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
