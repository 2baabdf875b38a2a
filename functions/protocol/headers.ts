import { cloudEventText, headerText } from "./header-text.ts";
import { isTraceparent, isTracestate } from "./trace.ts";

/** Who sends requests to functions and callbacks: the value of User-Agent. */
export const userAgent = "knative-jobs-on-bun";

/** Every header of the protocol (§2 to §4), by its name in the code. */
export const header = {
  workerId: "X-Worker-Id",
  jobId: "X-Job-Id",
  databaseId: "X-Database-Id",
  callbackUrl: "X-Callback-Url",
  attempt: "X-Job-Attempt",
  maxAttempts: "X-Job-Max-Attempts",
  completion: "X-Job-Completion",
  deadline: "X-Job-Deadline",
  timeoutSeconds: "X-Job-Timeout-Seconds",
  idempotencyKey: "Idempotency-Key",
  traceparent: "traceparent",
  tracestate: "tracestate",
  scheduleId: "X-Schedule-Id",
  scheduledAt: "X-Scheduled-At",
  jobError: "X-Job-Error",
  jobRetry: "X-Job-Retry",
  retryAfter: "Retry-After",
  webhookId: "webhook-id",
  webhookTimestamp: "webhook-timestamp",
  webhookSignature: "webhook-signature",
} as const;

/** What a worker tells a function about a job, besides its payload. */
export type JobRequestFacts = {
  readonly workerId: string;
  readonly jobId: string;
  /** How often the job was replaced, or its payload edited, after an attempt. */
  readonly revision: number;
  readonly databaseId: string;
  /** With the lease's token in it. */
  readonly callbackUrl: string;
  /** 1-based. */
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly taskIdentifier: string;
  /** When the worker gives up on the request, by its own clock. */
  readonly deadline: Date;
  /** The same as a length of time from its sending, for functions whose clock is another. */
  readonly timeoutSeconds: number;
  readonly createdAt: Date;
  /** The enqueuer's; sent on only where it is valid (W3C Trace Context), never made up. */
  readonly traceparent: string | null;
  readonly tracestate: string | null;
  readonly scheduleId: string | null;
  readonly scheduledAt: Date | null;
  /** CloudEvents source, a URI reference; `/databases/ID` where none is given. */
  readonly source?: string;
};

/**
 * Gives the headers of a job request (protocol §2), as one plain object.
 *
 * Idempotency-Key is DATABASE_ID:JOB_ID and ce-id the job's id within its ce-source: both stay the same over all attempts. A
 * job that was replaced after one has another payload, and another name: :REVISION follows. No value can hold a line break or other
 * control character; non-ASCII is percent-encoded.
 */
export function jobRequestHeaders(facts: JobRequestFacts): Record<string, string> {
  const name = facts.revision === 0 ? facts.jobId : `${facts.jobId}:${facts.revision}`;
  const headers: Record<string, string> = {
    "Content-Type": "application/json",
    [header.workerId]: headerText(facts.workerId),
    [header.jobId]: headerText(facts.jobId),
    [header.databaseId]: headerText(facts.databaseId),
    [header.callbackUrl]: headerText(facts.callbackUrl),
    [header.attempt]: String(facts.attempt),
    [header.maxAttempts]: String(facts.maxAttempts),
    [header.completion]: "response",
    [header.idempotencyKey]: headerText(`${facts.databaseId}:${name}`),
    [header.deadline]: facts.deadline.toISOString(),
    [header.timeoutSeconds]: String(facts.timeoutSeconds),
    "ce-specversion": "1.0",
    "ce-id": cloudEventText(name),
    "ce-type": cloudEventText(`app_jobs.${facts.taskIdentifier}`),
    "ce-source": cloudEventText(facts.source ?? `/databases/${facts.databaseId}`),
    "ce-time": facts.createdAt.toISOString(),
  };
  if (facts.scheduleId !== null) headers[header.scheduleId] = headerText(facts.scheduleId);
  if (facts.scheduledAt !== null) headers[header.scheduledAt] = facts.scheduledAt.toISOString();
  addTrace(headers, facts);
  return headers;
}

function addTrace(headers: Record<string, string>, { traceparent, tracestate }: JobRequestFacts): void {
  if (traceparent === null || !isTraceparent(traceparent)) return;
  headers[header.traceparent] = traceparent;
  if (tracestate !== null && isTracestate(tracestate)) headers[header.tracestate] = tracestate;
}

/** What a function reads of a job request; undefined is what the worker did not say. */
export type JobHeaders = {
  readonly workerId: string | undefined;
  readonly jobId: string | undefined;
  readonly databaseId: string | undefined;
  readonly callbackUrl: string | undefined;
  readonly attempt: number | undefined;
  readonly maxAttempts: number | undefined;
  readonly idempotencyKey: string | undefined;
  readonly deadline: Date | undefined;
  readonly timeoutSeconds: number | undefined;
  readonly scheduleId: string | undefined;
  readonly scheduledAt: Date | undefined;
  readonly traceparent: string | undefined;
  /** The worker reads the response, so no callback is owed for a final one. */
  readonly readsResponse: boolean;
};

/** Anything that gives a header by its name, whatever the case: Headers, for one. */
export type HeaderSource = { readonly get: (name: string) => string | null };

/** Gives what a header says in small letters: several words where it was said more than once, or with commas (RFC 9110 §5.3). */
function wordsOf(headers: HeaderSource, name: string): string[] {
  const value = headers.get(name);
  return value === null
    ? []
    : value
        .toLowerCase()
        .split(",")
        .map((word) => word.trim())
        .filter((word) => word !== "");
}

/** Tells whether a header says `word`, which is given in small letters, in whatever case and beside whatever else. */
export function headerSays(headers: HeaderSource, name: string, word: string): boolean {
  return wordsOf(headers, name).includes(word);
}

/** Tells whether a header says `word`, in whatever case and however often, and nothing else: what is not to be done in doubt. */
export function headerSaysOnly(headers: HeaderSource, name: string, word: string): boolean {
  const words = wordsOf(headers, name);
  return words.length > 0 && words.every((said) => said === word);
}

/** Gives a header's value; once, where somebody on the way has said the same again. */
export function headerValue(headers: HeaderSource, name: string): string | undefined {
  const text = headers.get(name)?.trim();
  if (text === undefined || text === "") return undefined;
  const [first = "", ...others] = text.split(",").map((part) => part.trim());
  return others.length > 0 && others.every((other) => other === first) ? first : text;
}

/** Gives what the headers of a job request say. A number or date that is none counts as not said. */
export function readJobHeaders(headers: HeaderSource): JobHeaders {
  const text = (name: string) => headerValue(headers, name);
  return {
    workerId: text(header.workerId),
    jobId: text(header.jobId),
    databaseId: text(header.databaseId),
    callbackUrl: text(header.callbackUrl),
    attempt: wholeNumber(text(header.attempt)),
    maxAttempts: wholeNumber(text(header.maxAttempts)),
    idempotencyKey: text(header.idempotencyKey),
    deadline: date(text(header.deadline)),
    timeoutSeconds: decimal(text(header.timeoutSeconds)),
    scheduleId: text(header.scheduleId),
    scheduledAt: date(text(header.scheduledAt)),
    traceparent: text(header.traceparent),
    readsResponse: headerSays(headers, header.completion, "response"),
  };
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function decimal(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}(?:\.\d{1,9})?$/.test(text) ? Number(text) : undefined;
}

function date(text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const value = new Date(text);
  return Number.isNaN(value.getTime()) ? undefined : value;
}
