import { isNotReached } from "../protocol/outcome.ts";
import { readableText, reportedMessage } from "../protocol/readable-text.ts";

/** What is known of a failure besides its message. */
export type JobErrorOptions = {
  /**
   * HTTP status of the answer, 400 to 599; 500 by default, and in place of one that says no failure. 408, 425, 429 and 503 say "not
   * now" and use up no attempt; every other one is a failed attempt.
   */
  readonly status?: number | undefined;
  /** False: failed for good, as the next attempt would fare the same. True by default. */
  readonly retry?: boolean | undefined;
  /** The soonest time for the next attempt, from now. What is no time (NaN, a negative number) counts as not given. */
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
    this.status = isFailure(options.status) ? options.status : 500;
    this.retry = options.retry ?? true;
    this.retryAfterSeconds = isWait(options.retryAfterSeconds) ? options.retryAfterSeconds : undefined;
  }

  /** Tells that the job was not tried, so that the worker counts no attempt. */
  get isNotNow(): boolean {
    return this.retry && isNotReached(this.status);
  }
}

function isFailure(status: number | undefined): status is number {
  return status !== undefined && Number.isInteger(status) && status >= 400 && status <= 599;
}

function isWait(seconds: number | undefined): seconds is number {
  return seconds !== undefined && Number.isFinite(seconds) && seconds >= 0;
}

/** Gives any thrown value as a JobError: what is none yet is a failed attempt, HTTP 500, with its message. Never throws. */
export function asJobError(thrown: unknown): JobError {
  if (thrown instanceof JobError) return thrown;
  return new JobError(messageOf(thrown), { cause: thrown });
}

/** How many of an AggregateError's errors a message tells. */
const toldErrors = 3;

/**
 * Gives what a thrown value says: an Error's message, or its errors' where it has none of its own (AggregateError), else its name; the
 * `error` or `message` of any other object; the value as text.
 */
function messageOf(thrown: unknown): string {
  try {
    if (typeof thrown !== "object" || thrown === null) return String(thrown);
    if (thrown instanceof AggregateError && thrown.message === "")
      return thrown.errors.slice(0, toldErrors).map(messageOf).join("; ") || thrown.name;
    if (thrown instanceof Error) return reportedMessage({ message: thrown.message }) ?? thrown.name;
    return reportedMessage(thrown) ?? (JSON.stringify(thrown) || "an object without a message");
  } catch {
    return "a value that cannot be read was thrown";
  }
}
