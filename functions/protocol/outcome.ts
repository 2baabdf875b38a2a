import { type HeaderSource, header, headerSays, headerSaysOnly } from "./headers.ts";
import { parseUrl } from "./parse-url.ts";
import {
  messageLimit,
  parseJson,
  quoteLimit,
  readableText,
  reportedMessage,
  shorten,
} from "./readable-text.ts";
import { retryAfterSeconds } from "./retry-after.ts";

/** How an attempt ended, as far as its request shows. Messages are for a person, in one line. */
export type Outcome =
  | { readonly kind: "complete" }
  /** The function works on; its callback tells the rest. */
  | { readonly kind: "accepted" }
  /** A failed attempt. The next one starts no sooner than `notBeforeSeconds`, where that is given. */
  | { readonly kind: "retry"; readonly message: string; readonly notBeforeSeconds?: number }
  /** The function was never reached: no attempt is used up. */
  | { readonly kind: "unreachable"; readonly message: string; readonly retryAfterSeconds?: number }
  /** Failed for good. */
  | { readonly kind: "dead"; readonly message: string };

/** A function's answer. */
export type DispatchResponse = {
  readonly status: number;
  readonly headers: HeaderSource;
  /** The body's text, or as much of it as the caller was willing to keep. */
  readonly body: string;
};

/** Why there is no answer. `lost`: the connection broke after the request was sent. */
export type DispatchFailure = {
  readonly failure: "refused" | "dns" | "lost" | "timeout";
  readonly message: string;
};

/** What an outcome depends on besides the answer. */
export type OutcomeLimits = {
  readonly now: Date;
  /** How long the request was allowed to take; after a timeout or a 504 the next attempt waits as long. */
  readonly timeoutSeconds: number;
  /** Cap for what a Retry-After may ask for. */
  readonly retryAfterMaxSeconds: number;
};

const final = new Set([410, 489]);
const notReached = new Set([408, 425, 429, 503]);

/** Tells whether a status says that the function did not run, so that no attempt is used up. */
export function isNotReached(status: number): boolean {
  return notReached.has(status);
}

/**
 * Gives the outcome of one request to a function: the table of protocol §3, and nothing else.
 *
 * Where several rows fit, the more certain word wins, in this order: for good (410, 489, `X-Job-Retry: false` with any
 * failure); `X-Job-Error: true`, since a function that says so was reached, so even its 503 or 429 is an attempt; the status.
 *
 * A header that is said more than once is a list (RFC 9110 §5.3): one `true` among what X-Job-Error says is an error, for good is what says so
 * alone, and of several waits the longest holds.
 */
export function decideOutcome(facts: DispatchResponse | DispatchFailure, limits: OutcomeLimits): Outcome {
  return "failure" in facts ? ofFailure(facts, limits) : ofResponse(facts, limits);
}

function ofFailure({ failure, message }: DispatchFailure, { timeoutSeconds }: OutcomeLimits): Outcome {
  const why = message === "" ? "" : `: ${readableText(message)}`;
  if (failure === "refused")
    return { kind: "unreachable", message: bounded(`Cannot connect to the function${why}`) };
  if (failure === "dns")
    return { kind: "unreachable", message: bounded(`Cannot find the function's host${why}`) };
  if (failure === "lost")
    return {
      kind: "retry",
      message: bounded(`The connection to the function was lost before its answer${why}`),
    };
  const timedOut = bounded(`The function gave no answer within ${timeoutSeconds} s${why}`);
  return { kind: "retry", message: timedOut, notBeforeSeconds: timeoutSeconds };
}

function ofResponse(response: DispatchResponse, limits: OutcomeLimits): Outcome {
  const { status, headers } = response;
  const reportsError = headerSays(headers, header.jobError, "true");
  const succeeded = status >= 200 && status < 300;
  if (succeeded && !reportsError) return { kind: status === 202 ? "accepted" : "complete" };

  const message = bounded(reportsError ? errorMessage(response) : statusMessage(response));
  if (final.has(status) || headerSaysOnly(headers, header.jobRetry, "false"))
    return { kind: "dead", message };

  const wait = retryAfterSeconds(headers.get(header.retryAfter), {
    now: limits.now,
    maxSeconds: limits.retryAfterMaxSeconds,
  });
  if (isNotReached(status) && !reportsError)
    return { kind: "unreachable", message, ...(wait === undefined ? {} : { retryAfterSeconds: wait }) };
  const notBefore = status === 504 && !reportsError ? Math.max(wait ?? 0, limits.timeoutSeconds) : wait;
  return { kind: "retry", message, ...(notBefore === undefined ? {} : { notBeforeSeconds: notBefore }) };
}

/** The body's own message, alone: that is what the function wants to be read. */
function errorMessage({ status, body }: DispatchResponse): string {
  const told = reportedMessage(parseJson(body));
  if (told !== undefined) return told;
  const quote = quoted(body);
  return quote === ""
    ? `The function reported an error without a message (HTTP ${status})`
    : `The function reported an error: ${quote}`;
}

function statusMessage(response: DispatchResponse): string {
  const { status, headers, body } = response;
  if (status >= 300 && status < 400) return `HTTP ${status} from ${sender(response)}: ${redirect(headers)}`;
  const told = reportedMessage(parseJson(body)) ?? quoted(body);
  return `HTTP ${status} from ${sender(response)}${told === "" ? ", without a message" : `: ${told}`}`;
}

/** A function made with the kit echoes X-Job-Id; a gateway's own 502, 503 or 504 does not. */
function sender({ status, headers }: DispatchResponse): string {
  const unclear = status >= 502 && status <= 504 && headers.get(header.jobId) === null;
  return unclear ? "the gateway or the function" : "the function";
}

function redirect(headers: HeaderSource): string {
  const host = parseUrl(headers.get("Location") ?? "")?.host;
  return `redirects are not followed${host === undefined ? "" : ` (to ${host})`}`;
}

function quoted(body: string): string {
  if (/^\s*<(?:!doctype html|html|head|body)\b/i.test(body)) return htmlTitle(body);
  return readableText(body, quoteLimit);
}

/** Found by searching on, since an expression for the whole would begin anew at each `<title`. */
function htmlTitle(body: string): string {
  const at = body.search(/<title[\s>]/i);
  const from = at === -1 ? -1 : body.indexOf(">", at);
  const to = from === -1 ? -1 : body.indexOf("<", from);
  const title = to === -1 ? "" : readableText(body.slice(from + 1, to), quoteLimit);
  return title === "" ? "an HTML page" : `an HTML page titled ${JSON.stringify(title)}`;
}

function bounded(message: string): string {
  return shorten(message, messageLimit);
}
