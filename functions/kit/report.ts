import { header, type JobHeaders, userAgent } from "../protocol/headers.ts";
import { parseUrl } from "../protocol/parse-url.ts";
import { retryHeaders } from "./answer.ts";
import { withDeadline } from "./deadline.ts";
import type { Fetch } from "./fetch.ts";
import type { JobError } from "./job-error.ts";

/** What reporting uses. */
export type ReportTools = {
  readonly fetch: Fetch;
  readonly sleep: (ms: number) => Promise<void>;
};

/** Waits between the tries of a callback: enough for a callback server that is restarting behind a service. */
const waitsMs = [200, 1000, 3000];

/** A callback server answers in milliseconds; one that does not is not there. */
const timeoutMs = 10_000;

/**
 * Tells whether a callback is owed: the worker named where, and did not say that it reads the response. The published
 * worker is one that only a callback tells anything.
 */
export function owesCallback(job: JobHeaders): boolean {
  const { callbackUrl, workerId, jobId, readsResponse } = job;
  return !readsResponse && callbackUrl !== undefined && workerId !== undefined && jobId !== undefined;
}

/**
 * Reports an outcome by callback (protocol §4); null as `failure` is success. Gives undefined when it was taken, else
 * in one line why not, after four tries. Never rejects.
 */
export async function reportOutcome(
  job: JobHeaders,
  failure: JobError | null,
  tools: ReportTools,
): Promise<string | undefined> {
  const url = callbackTarget(job.callbackUrl ?? "");
  if (url === undefined) return "X-Callback-Url is no http URL";
  const init = callbackRequest(job, failure);
  let fault = await send(url, init, tools.fetch);
  for (const waitMs of waitsMs) {
    if (fault === undefined || !fault.again) break;
    await tools.sleep(waitMs);
    fault = await send(url, init, tools.fetch);
  }
  return fault?.reason;
}

/** Gives the URL to report to: an empty path means /callback, the query stays. Undefined for what is no http URL. */
export function callbackTarget(callbackUrl: string): string | undefined {
  const url = parseUrl(callbackUrl);
  if (url === undefined || !/^https?:$/.test(url.protocol)) return undefined;
  if (url.pathname === "/") url.pathname = "/callback";
  return url.href;
}

function callbackRequest(job: JobHeaders, failure: JobError | null): RequestInit {
  const headers = new Headers({ "Content-Type": "application/json", "User-Agent": userAgent });
  if (job.workerId !== undefined) headers.set(header.workerId, job.workerId);
  if (job.jobId !== undefined) headers.set(header.jobId, job.jobId);
  if (job.databaseId !== undefined) headers.set(header.databaseId, job.databaseId);
  if (failure === null) return { method: "POST", headers, body: JSON.stringify({ status: "success" }) };

  headers.set(header.jobError, "true");
  for (const [name, value] of Object.entries(retryHeaders(failure))) headers.set(name, value);
  return { method: "POST", headers, body: JSON.stringify({ status: "error", error: failure.message }) };
}

type Fault = { readonly reason: string; readonly again: boolean };

async function send(url: string, init: RequestInit, fetch: Fetch): Promise<Fault | undefined> {
  try {
    const response = await withDeadline(timeoutMs, [], async (signal) => {
      // A redirect is none of a callback server's answers; followed, it would take the token along, or turn the POST into a GET.
      const answer = await fetch(url, { ...init, signal, redirect: "manual" });
      await answer.body?.cancel();
      return answer;
    });
    if (response.ok) return undefined;
    const again = response.status >= 500 || response.status === 429 || response.status === 408;
    return { reason: `the callback server answered HTTP ${response.status}`, again };
  } catch {
    return { reason: "the callback server could not be reached", again: true };
  }
}
