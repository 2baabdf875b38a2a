import type { JobHeaders } from "../protocol/headers.ts";
import { isTraceparent } from "../protocol/trace.ts";
import { type Deadline, startDeadline } from "./deadline.ts";
import type { Log } from "./log.ts";

/** What a function knows of its job besides the payload. Undefined is what the worker did not say. */
export type JobContext<E> = {
  readonly jobId: string | undefined;
  readonly databaseId: string | undefined;
  /** 1-based. */
  readonly attempt: number | undefined;
  readonly maxAttempts: number | undefined;
  /** The same in all attempts of a job: pass it on to whatever must happen once. */
  readonly idempotencyKey: string | undefined;
  /** The tick that a scheduled job stands for. */
  readonly scheduledAt: Date | undefined;
  /** Aborts when the worker gives up: at its deadline, or when it closes the connection. Pass it to every fetch. */
  readonly signal: AbortSignal;
  /** The function's settings, parsed. */
  readonly env: E;
  readonly log: Log;
};

/** What a context has besides what the headers say. */
type ContextParts<E> = { readonly env: E; readonly log: Log; readonly signal: AbortSignal };

/** Gives the context of one request. */
export function createJobContext<E>(job: JobHeaders, { env, log, signal }: ContextParts<E>): JobContext<E> {
  return {
    jobId: job.jobId,
    databaseId: job.databaseId,
    attempt: job.attempt,
    maxAttempts: job.maxAttempts,
    idempotencyKey: job.idempotencyKey,
    scheduledAt: job.scheduledAt,
    signal,
    env,
    log,
  };
}

/**
 * Gives what aborts when the worker gives up: at its deadline, or when the request does. Clear it when the job has ended.
 *
 * The deadline is counted by this function's own clock, from the request's coming, where the worker says how long it waits. The time of day
 * that other workers say alone is held against a clock that may go differently.
 */
export function jobDeadline(request: AbortSignal, { deadline, timeoutSeconds }: JobHeaders): Deadline {
  const untilMs = deadline === undefined ? Number.POSITIVE_INFINITY : deadline.getTime() - Date.now();
  return startDeadline(timeoutSeconds === undefined ? untilMs : timeoutSeconds * 1_000, request);
}

/** Gives the fields that a job's log lines share. */
export function jobLogFields(job: JobHeaders): Record<string, string | number | undefined> {
  const traced = job.traceparent !== undefined && isTraceparent(job.traceparent);
  return {
    jobId: job.jobId,
    attempt: job.attempt,
    traceId: traced ? job.traceparent?.slice(3, 35) : undefined,
  };
}
