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
  const { timeoutSeconds, retryAfterMaxSeconds, signal } = options;
  const limits = { now: new Date(), timeoutSeconds, retryAfterMaxSeconds };
  const deadline = startDeadline(timeoutSeconds, signal);
  try {
    const response = await fetch(request.url, {
      method: "POST",
      headers: request.headers,
      body: request.body,
      redirect: "manual",
      signal: deadline.signal,
    });
    const body = await readBounded(response, answerLimitBytes);
    return decideOutcome({ status: response.status, headers: response.headers, body }, limits);
  } catch (error) {
    if (signal.aborted) return null;
    return decideOutcome(failureOf(error, deadline.hasPassed()), limits);
  } finally {
    deadline.clear();
  }
}

/**
 * Gives a signal that aborts when the time is up or the caller gives up. Not by AbortSignal.timeout, whose timer lives on for
 * minutes after the answer: at thousands of requests a second that is a leak.
 */
function startDeadline(seconds: number, caller: AbortSignal) {
  const controller = new AbortController();
  let hasPassed = false;
  const abort = () => controller.abort();
  const timer = setTimeout(
    () => {
      hasPassed = true;
      abort();
    },
    Math.ceil(seconds * 1000),
  );
  caller.addEventListener("abort", abort, { once: true });
  if (caller.aborted) abort();
  return {
    signal: controller.signal,
    hasPassed: () => hasPassed,
    clear: () => {
      clearTimeout(timer);
      caller.removeEventListener("abort", abort);
    },
  };
}

// Codes of Bun's fetch, seen: connection refused ECONNREFUSED, unknown host ENOTFOUND, closed or reset ECONNRESET.
const neverReached = /^(ECONNREFUSED|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN)$|CERT|TLS/;
const notResolved = /^(ENOTFOUND|EAI_\w+)$/;

function failureOf(error: unknown, isTimeout: boolean): DispatchFailure {
  if (isTimeout) return { failure: "timeout", message: "" };
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const message = error instanceof Error ? error.message : String(error);
  if (notResolved.test(code)) return { failure: "dns", message };
  return { failure: neverReached.test(code) ? "refused" : "lost", message };
}
