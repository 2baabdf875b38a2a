import { decideOutcome, type Outcome } from "#protocol/outcome";
import type { HttpClient, HttpRequest } from "./http/http-client.ts";

/** What dispatching uses. */
export type DispatchOptions = {
  readonly client: Pick<HttpClient, "post">;
  /** How long the function may take, its answer's body included. */
  readonly timeoutSeconds: number;
  readonly retryAfterMaxSeconds: number;
};

/** What came of a request. */
export type Dispatched = {
  readonly outcome: Outcome;
  /** Status of the answer, or null where there was none. */
  readonly httpStatus: number | null;
};

/**
 * Sends a job to its function and gives the outcome, or null when the client gave the request up.
 *
 * Never rejects: whatever goes wrong is an outcome. Redirects are not followed (protocol: a redirect is a failed attempt).
 */
export async function dispatch(request: HttpRequest, options: DispatchOptions): Promise<Dispatched | null> {
  const { client, timeoutSeconds, retryAfterMaxSeconds } = options;
  const ended = await client.post(request, timeoutSeconds * 1_000);
  if (ended === null) return null;
  const outcome = decideOutcome(ended, { now: new Date(), timeoutSeconds, retryAfterMaxSeconds });
  return { outcome, httpStatus: "status" in ended ? ended.status : null };
}
