import type { LeasedJob } from "#db/jobs";
import { header, jobRequestHeaders } from "#protocol/headers";
import { createSigner } from "#protocol/signature";
import { taskUrl } from "#protocol/task-url";
import { signCallbackToken } from "../callback-token/callback-token.ts";
import type { HttpRequest } from "./http/http-client.ts";
import type { Limits } from "./task-limits.ts";

/** What a request is made from, besides the job. */
export type RequestOptions = {
  readonly workerId: string;
  /** Base URL of the functions, where there is one. */
  readonly baseUrl: string | undefined;
  /** Full URLs by task identifier. */
  readonly overrides: Readonly<Record<string, string>>;
  readonly callbackUrl: string;
  /** Key that signs the callback token. */
  readonly key: string;
  readonly limits: Limits;
  readonly now: Date;
};

/**
 * Gives the request of a job, or why there can be none; that is for good, as the next attempt would fare the same.
 *
 * @throws Error when no setting says where functions are: the worker's fault and not the job's, so no attempt is used.
 */
export function prepareRequest(
  job: LeasedJob,
  options: RequestOptions,
): HttpRequest | { readonly fault: string } {
  if (options.baseUrl === undefined && !Object.hasOwn(options.overrides, job.taskIdentifier))
    throw new Error(
      `Cannot call ${JSON.stringify(job.taskIdentifier)}: no setting says where its function is. Set KNATIVE_SERVICE_URL, or name it in INTERNAL_GATEWAY_DEVELOPMENT_MAP.`,
    );
  const target = taskUrl(job.taskIdentifier, { baseUrl: options.baseUrl, overrides: options.overrides });
  if ("fault" in target) return target;
  const token = signCallbackToken({ jobId: job.id, leaseToken: job.leaseToken }, options.key);
  return {
    url: target.url,
    body: job.payload,
    headers: jobRequestHeaders({
      workerId: options.workerId,
      jobId: job.id,
      databaseId: job.databaseId,
      callbackUrl: withToken(options.callbackUrl, token),
      attempt: job.attempt,
      maxAttempts: Math.max(job.attempt, Math.min(job.maxAttempts, options.limits.maxAttempts)),
      taskIdentifier: job.taskIdentifier,
      deadline: new Date(options.now.getTime() + options.limits.timeoutSeconds * 1000),
      createdAt: job.createdAt,
      traceparent: job.traceparent,
      tracestate: job.tracestate,
      scheduleId: job.scheduleId,
      scheduledAt: job.scheduledAt,
    }),
  };
}

/**
 * Gives a function that signs requests with every one of these secrets (Standard Webhooks); without secrets it leaves them as they are.
 *
 * The signed id is the Idempotency-Key, so that the signature holds tenant and job too, whose headers it does not cover.
 */
export function createRequestSigner(
  secrets: readonly string[],
): (request: HttpRequest, now: Date) => Promise<HttpRequest> {
  if (secrets.length === 0) return async (request) => request;
  const sign = createSigner(secrets);
  return async (request, now) => {
    const id = request.headers[header.idempotencyKey] ?? "";
    const timestampSeconds = Math.floor(now.getTime() / 1000);
    return {
      ...request,
      headers: { ...request.headers, ...(await sign({ id, timestampSeconds, body: request.body })) },
    };
  };
}

function withToken(url: string, token: string): string {
  return `${url}${url.includes("?") ? "&" : "?"}token=${token}`;
}
