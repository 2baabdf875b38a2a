import type { LeasedJob } from "#db/jobs";
import { header, jobRequestHeaders } from "#protocol/headers";
import { createSigner } from "#protocol/signature";
import { type Gateway, type TaskUrl, taskUrl } from "#protocol/task-url";
import { signCallbackToken } from "../callback-token/callback-token.ts";
import type { HttpRequest } from "./http/http-client.ts";
import { remember } from "./remember.ts";
import type { Limits } from "./task-limits.ts";

/** What a request is made from, besides the job. */
export type RequestOptions = {
  readonly workerId: string;
  /** Gives the URL of a task's function. */
  readonly targetOf: (task: string) => TaskUrl;
  readonly callbackUrl: string;
  /** Key that signs the callback token. */
  readonly key: string;
  readonly limits: Limits;
  readonly now: Date;
};

/** Gives the request of a job, or why there can be none; that is for good, as the next attempt would fare the same. */
export function prepareRequest(
  job: LeasedJob,
  options: RequestOptions,
): HttpRequest | { readonly fault: string } {
  const target = options.targetOf(job.taskIdentifier);
  if ("fault" in target) return target;
  const token = signCallbackToken({ jobId: job.id, leaseToken: job.leaseToken }, options.key);
  return {
    url: target.url,
    body: job.payload,
    headers: jobRequestHeaders({
      workerId: options.workerId,
      jobId: job.id,
      revision: job.revision,
      databaseId: job.databaseId,
      callbackUrl: withToken(options.callbackUrl, token),
      attempt: job.attempt,
      maxAttempts: Math.max(job.attempt, Math.min(job.maxAttempts, options.limits.maxAttempts)),
      taskIdentifier: job.taskIdentifier,
      deadline: new Date(options.now.getTime() + options.limits.timeoutSeconds * 1000),
      timeoutSeconds: options.limits.timeoutSeconds,
      createdAt: dateOf(job.createdAtMs),
      traceparent: job.traceparent,
      tracestate: job.tracestate,
      scheduleId: job.scheduleId,
      scheduledAt: job.scheduledAt,
    }),
  };
}

/** So many tasks' URLs are kept at hand; more only where enqueuers make up names. */
const tasksLimit = 1_000;

/**
 * Gives a function that knows the URL of each task's function, worked out once.
 *
 * It throws an Error when no setting says where functions are: the worker's fault and not the job's, so no attempt is used.
 */
export function createTaskUrls(gateway: Gateway): (task: string) => TaskUrl {
  return remember(tasksLimit, (task) => {
    if (gateway.baseUrl === undefined && !Object.hasOwn(gateway.overrides, task))
      throw new Error(
        `Cannot call ${JSON.stringify(task)}: no setting says where its function is. Set KNATIVE_SERVICE_URL, or name it in INTERNAL_GATEWAY_DEVELOPMENT_MAP.`,
      );
    return taskUrl(task, gateway);
  });
}

/**
 * Gives a function that signs requests with every one of these secrets (Standard Webhooks); null without secrets.
 *
 * The signed id is the Idempotency-Key, so that the signature holds tenant and job too, whose headers it does not cover.
 */
export function createRequestSigner(
  secrets: readonly string[],
): ((request: HttpRequest, now: Date) => Promise<HttpRequest>) | null {
  if (secrets.length === 0) return null;
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

/** Postgres has times that JavaScript has not, infinity among them. */
function dateOf(ms: number): Date {
  return new Date(Math.max(-8.64e15, Math.min(8.64e15, ms)));
}

function withToken(url: string, token: string): string {
  return `${url}${url.includes("?") ? "&" : "?"}token=${token}`;
}
