import type { Job } from "../kit/define-job.ts";
import { jobRequestHeaders } from "../protocol/headers.ts";

/** What differs from an ordinary job request. A body that is text is sent as it is. */
export type JobRequestOptions = {
  readonly path?: string;
  readonly headers?: Record<string, string | undefined>;
  readonly env?: Record<string, unknown>;
};

/** The tenant of every job request of a test. */
export const testDatabaseId = "0b5a1f3e-0000-4000-8000-000000000001";

/** Gives the headers that our worker sends, with some replaced, or left out where they are undefined. */
function workerHeaders(replaced: Record<string, string | undefined> = {}): Headers {
  const headers = new Headers(
    jobRequestHeaders({
      workerId: "worker-1",
      jobId: "7",
      databaseId: testDatabaseId,
      callbackUrl: "http://127.0.0.1:1/callback",
      attempt: 1,
      maxAttempts: 25,
      taskIdentifier: "test",
      deadline: new Date(Date.now() + 60_000),
      timeoutSeconds: 290,
      createdAt: new Date(),
      traceparent: null,
      tracestate: null,
      scheduleId: null,
      scheduledAt: null,
      revision: 0,
    }),
  );
  for (const [name, value] of Object.entries(replaced)) {
    if (value === undefined) headers.delete(name);
    else headers.set(name, value);
  }
  return headers;
}

/** Hands a job to a function as our worker does, and gives its answer. */
export function postJob(job: Job, payload: unknown, options: JobRequestOptions = {}): Promise<Response> {
  const request = new Request(`http://function.test${options.path ?? "/"}`, {
    method: "POST",
    headers: workerHeaders(options.headers),
    body: typeof payload === "string" ? payload : JSON.stringify(payload),
  });
  return job.fetch(request, options.env ?? {});
}
