import { header, type JobHeaders } from "../protocol/headers.ts";
import { createVerifier, type SignatureFault, signatureToleranceSeconds } from "../protocol/signature.ts";
import { JobError } from "./job-error.ts";

/** One request as it came: its headers, what they say of the job, and its body. */
export type SignedRequest = { readonly headers: Headers; readonly job: JobHeaders; readonly body: string };

/** Refuses a request by throwing. */
export type VerifyRequest = (request: SignedRequest, secrets: readonly string[]) => Promise<void>;

/** What verifying uses of the world. */
export type VerifyTools = { readonly now?: () => number; readonly limit?: number };

const faults: Readonly<Record<SignatureFault, string>> = {
  unsigned:
    "The request is not signed, and this function has JOBS_SIGNING_SECRETS: give its worker one of them",
  wrong:
    "No secret of this function has signed the request: compare JOBS_SIGNING_SECRETS of the function and its worker",
  stale: `The request was signed more than ${signatureToleranceSeconds} s ago or ahead: compare the clocks of the function and its worker`,
};

/** About 10 MB at most. */
const defaultLimit = 50_000;

/**
 * Gives a function that refuses a request which no secret has signed, whose headers name another job than was signed, or which has
 * come before.
 *
 * The signature covers id, time and body. The worker signs the Idempotency-Key, DATABASE_ID:JOB_ID and perhaps :REVISION, as the id, so
 * that tenant and job are held by it too. Every attempt is signed anew, so that the same signature twice is a replay: the last 50,000
 * are remembered as long as they are fresh. The memory is this process's own; another one takes a replay for up to five minutes, and
 * then the function's own idempotency is what is left.
 *
 * A refusal is HTTP 401 and a failed attempt, not for good: secrets that do not match are a fault of set-up, which somebody repairs.
 * A replay is HTTP 425, which RFC 8470 §5.2 has for this and which uses no attempt: two attempts of one job within a second carry one
 * signature, since timestamps are whole seconds, and the true worker comes back with another.
 */
export function createRequestVerifier({
  now = Date.now,
  limit = defaultLimit,
}: VerifyTools = {}): VerifyRequest {
  const verifierOf = new WeakMap<readonly string[], ReturnType<typeof createVerifier>>();
  const isNew = createReplayMemory(now, limit);
  return async ({ headers, job, body }, secrets) => {
    const verify = verifierOf.get(secrets) ?? createVerifier(secrets);
    verifierOf.set(secrets, verify);
    const fault = await verify({ headers, body, now: new Date(now()) });
    if (fault !== undefined) throw refused(faults[fault]);

    const id = headers.get(header.webhookId) ?? "";
    const other = headerOfAnotherJob(id, job);
    if (other !== undefined)
      throw refused(`The request's ${other} is not of the job that was signed (webhook-id)`);
    if (!isNew(id, Number(headers.get(header.webhookTimestamp))))
      throw new JobError("The request has come before: each attempt is signed anew", {
        status: 425,
        retryAfterSeconds: 1,
      });
  };
}

/** A header that was taken away counts too: without X-Database-Id, a function falls back to a tenant of its own. */
function headerOfAnotherJob(
  id: string,
  { idempotencyKey, databaseId, jobId }: JobHeaders,
): string | undefined {
  const isNobodys = [idempotencyKey, databaseId, jobId].every((value) => value === undefined);
  if (isNobodys && !id.includes(":")) return undefined;
  if (idempotencyKey !== id) return header.idempotencyKey;
  // Neither may hold a part of the other.
  if (databaseId === undefined || databaseId.includes(":") || !id.startsWith(`${databaseId}:`))
    return header.databaseId;
  const name = `${databaseId}:${jobId}`;
  return jobId !== undefined && (id === name || id.startsWith(`${name}:`)) ? undefined : header.jobId;
}

function createReplayMemory(now: () => number, limit: number) {
  const freshUntil = new Map<string, number>();
  return (id: string, timestampSeconds: number): boolean => {
    const key = `${timestampSeconds}.${id}`;
    if (freshUntil.has(key)) return false;
    for (const [oldest, until] of freshUntil) {
      if (until > now() && freshUntil.size < limit) break;
      freshUntil.delete(oldest);
    }
    freshUntil.set(key, (timestampSeconds + signatureToleranceSeconds) * 1000);
    return true;
  };
}

function refused(message: string): JobError {
  return new JobError(message, { status: 401 });
}
