import { isNotReached } from "../protocol/outcome.ts";
import { readableText } from "../protocol/readable-text.ts";

/** What is known of a failure besides its message. */
export type JobErrorOptions = {
  /**
   * HTTP status of the answer, 500 by default. 408, 425, 429 and 503 say "not now" and use up no attempt; every other one is a
   * failed attempt.
   */
  readonly status?: number | undefined;
  /** False: failed for good, as the next attempt would fare the same. True by default. */
  readonly retry?: boolean | undefined;
  /** The soonest time for the next attempt, from now. */
  readonly retryAfterSeconds?: number | undefined;
  readonly cause?: unknown;
};

/** Why a job failed. Its message becomes the job's `last_error`: one line for a person, with no token or address in it. */
export class JobError extends Error {
  override readonly name = "JobError";
  readonly status: number;
  readonly retry: boolean;
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, options: JobErrorOptions = {}) {
    super(readableText(message), options.cause === undefined ? {} : { cause: options.cause });
    this.status = options.status ?? 500;
    this.retry = options.retry ?? true;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  /** Tells that the job was not tried, so that the worker counts no attempt. */
  get isNotNow(): boolean {
    return this.retry && isNotReached(this.status);
  }
}

/** Gives any thrown value as a JobError: what is none yet is a failed attempt, HTTP 500, with its message. */
export function asJobError(thrown: unknown): JobError {
  if (thrown instanceof JobError) return thrown;
  const message = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
  return new JobError(message, { cause: thrown });
}
