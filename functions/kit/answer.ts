import { header } from "../protocol/headers.ts";
import type { JobError } from "./job-error.ts";

/** Gives a JSON answer. */
export function jsonAnswer(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/json", ...headers },
  });
}

/**
 * Gives the answer of a failed job. "Not now" carries no X-Job-Error: with it, the worker would count an
 * attempt (protocol §3: any status with X-Job-Error).
 */
export function failureAnswer(error: JobError): Response {
  return jsonAnswer({ error: error.message }, error.status, {
    ...(error.isNotNow ? {} : { [header.jobError]: "true" }),
    ...retryHeaders(error),
  });
}

/** Gives the headers that say how a failed job goes on: not at all, or no sooner than after so many whole seconds. */
export function retryHeaders({ retry, retryAfterSeconds }: JobError): Record<string, string> {
  return {
    ...(retry ? {} : { [header.jobRetry]: "false" }),
    ...(retryAfterSeconds === undefined ? {} : { [header.retryAfter]: String(Math.ceil(retryAfterSeconds)) }),
  };
}

/** Adds to an answer what a gateway's own answer lacks: which job, worker and database the request was for. */
export function echoJob(response: Response, request: Request): Response {
  for (const name of [header.jobId, header.workerId, header.databaseId]) {
    const value = request.headers.get(name);
    if (value !== null) response.headers.set(name, value);
  }
  return response;
}
