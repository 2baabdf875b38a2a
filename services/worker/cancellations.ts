import type { Lease, LeasedJob } from "#db/jobs";
import type { Log } from "../log/log.ts";
import type { HttpClient, HttpRequest } from "./http/http-client.ts";

/** What cancelling needs. */
export type CancellationsOptions = {
  readonly client: Pick<HttpClient, "abort">;
  readonly log: Log;
};

/** The requests under way by their leases, so that those of cancelled jobs can be broken off. */
export type Cancellations = {
  /** Notes a request that is about to be sent; gives false where its job was cancelled, so that it is not to be sent. */
  readonly begin: (job: LeasedJob, request: HttpRequest) => boolean;
  /** Notes that it is over. */
  readonly end: (request: HttpRequest) => void;
  /** Breaks off what the database has cancelled. Told more than once, it does no harm. */
  readonly heed: (cancelled: readonly Lease[]) => void;
};

/**
 * Gives an empty list of requests under way.
 *
 * The database tells of a cancelled lease for two lengths of the worker's own, so that one whose job was claimed, and not started
 * when it was told first, is still known when it would be sent.
 */
export function createCancellations({ client, log }: CancellationsOptions): Cancellations {
  const underWay = new Map<HttpRequest, LeasedJob>();
  let cancelled: ReadonlySet<string> = new Set();
  const isCancelled = ({ id, leaseToken }: LeasedJob) =>
    cancelled.size > 0 && cancelled.has(keyOf({ jobId: id, leaseToken }));
  return {
    begin: (job, request) => {
      if (isCancelled(job)) return false;
      underWay.set(request, job);
      return true;
    },
    end: (request) => {
      underWay.delete(request);
    },
    heed: (leases) => {
      cancelled = new Set(leases.map(keyOf));
      if (leases.length === 0) return;
      for (const [request, job] of underWay) {
        if (!isCancelled(job)) continue;
        underWay.delete(request);
        log.info("job cancelled: its request is broken off", {
          jobId: job.id,
          databaseId: job.databaseId,
          task: job.taskIdentifier,
        });
        client.abort(request);
      }
    },
  };
}

function keyOf({ jobId, leaseToken }: Lease): string {
  return `${jobId} ${leaseToken}`;
}
