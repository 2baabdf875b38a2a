import type { Lease } from "#db/jobs";
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
  readonly begin: (lease: Lease, request: HttpRequest) => boolean;
  /** Notes that it is over. */
  readonly end: (lease: Lease) => void;
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
  const underWay = new Map<string, HttpRequest>();
  let cancelled: ReadonlySet<string> = new Set();
  return {
    begin: (lease, request) => {
      if (cancelled.has(keyOf(lease))) return false;
      underWay.set(keyOf(lease), request);
      return true;
    },
    end: (lease) => {
      underWay.delete(keyOf(lease));
    },
    heed: (leases) => {
      cancelled = new Set(leases.map(keyOf));
      for (const lease of leases) {
        const request = underWay.get(keyOf(lease));
        if (request === undefined) continue;
        underWay.delete(keyOf(lease));
        log.info("job cancelled: its request is broken off", { jobId: lease.jobId });
        client.abort(request);
      }
    },
  };
}

function keyOf({ jobId, leaseToken }: Lease): string {
  return `${jobId} ${leaseToken}`;
}
