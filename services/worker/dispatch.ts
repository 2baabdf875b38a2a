import { type DispatchFailure, decideOutcome, type Outcome } from "#protocol/outcome";
import { readBounded } from "./read-bounded.ts";

/** One request to a function, ready to be sent. */
export type JobRequest = {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
};

/** What dispatching uses. */
export type DispatchOptions = {
  /** How long the function may take, its answer's body included. */
  readonly timeoutSeconds: number;
  readonly retryAfterMaxSeconds: number;
  /** Gives the request up, as when the worker stops or has lost its lease. */
  readonly signal: AbortSignal;
};

/** How much of an answer is read; an error message is in the first few hundred bytes, or nowhere. */
const answerLimitBytes = 65_536;

/**
 * Sends a job to its function and gives the outcome, or null when the request was given up by `signal`.
 *
 * Never rejects: whatever goes wrong is an outcome. Redirects are not followed (protocol: a redirect is a failed attempt).
 */
export async function dispatch(request: JobRequest, options: DispatchOptions): Promise<Outcome | null> {
  const timeout = AbortSignal.timeout(Math.ceil(options.timeoutSeconds * 1000));
  const limits = {
    now: new Date(),
    timeoutSeconds: options.timeoutSeconds,
    retryAfterMaxSeconds: options.retryAfterMaxSeconds,
  };
  try {
    const response = await fetch(request.url, {
      method: "POST",
      headers: request.headers,
      body: request.body,
      redirect: "manual",
      signal: AbortSignal.any([timeout, options.signal]),
    });
    const body = await readBounded(response, answerLimitBytes);
    return decideOutcome({ status: response.status, headers: response.headers, body }, limits);
  } catch (error) {
    if (options.signal.aborted) return null;
    return decideOutcome(failureOf(error, timeout), limits);
  }
}

// Codes of Bun's fetch, seen: connection refused ECONNREFUSED, unknown host ENOTFOUND, closed or reset ECONNRESET.
const neverReached = /^(ECONNREFUSED|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN)$|CERT|TLS/;
const notResolved = /^(ENOTFOUND|EAI_\w+)$/;

function failureOf(error: unknown, timeout: AbortSignal): DispatchFailure {
  if (timeout.aborted) return { failure: "timeout", message: "" };
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const message = error instanceof Error ? error.message : String(error);
  if (notResolved.test(code)) return { failure: "dns", message };
  return { failure: neverReached.test(code) ? "refused" : "lost", message };
}
