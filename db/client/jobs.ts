import { type Call, createCall } from "./call.ts";
import { callbacks } from "./callbacks.ts";
import { claims } from "./claims.ts";
import { onlyRow } from "./connect.ts";
import type { Queries } from "./open-pool.ts";
import { workerRuns } from "./worker-runs.ts";

/** A job under a lease, as a worker needs it. Numbers of 64 bits stay text. */
export type LeasedJob = {
  readonly id: string;
  readonly databaseId: string;
  readonly taskIdentifier: string;
  /** JSON, byte for byte as stored. */
  readonly payload: string;
  /** Number of this attempt, from 1. */
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly priority: number;
  /** Serial queue that the job belongs to. */
  readonly queueName: string | null;
  /** In µs since 1970, exactly; ±Infinity too. */
  readonly runAtUs: number;
  readonly leaseToken: string;
  /** In ms since 1970; ±Infinity too. */
  readonly createdAtMs: number;
  /** How often it was replaced under its key, or its payload edited, after an attempt. */
  readonly revision: number;
  readonly traceparent: string | null;
  readonly tracestate: string | null;
  readonly scheduleId: string | null;
  readonly scheduledAt: Date | null;
};

/** A lease that its holder reports on. */
export type Lease = { readonly jobId: string; readonly leaseToken: string };

/** A failed attempt under its lease; see db/migrations/0015_fail_jobs.sql for the kinds. */
export type Failure = Lease & {
  readonly kind: "retry" | "dead" | "unreachable";
  readonly message: string;
  /** Least wait before the next try, in seconds; null leaves it to backoff. */
  readonly delaySeconds: number | null;
  /** Status of the answer, where there was one. */
  readonly httpStatus?: number | null;
  /** How long ago the request began, and its answer came; null for the lease's beginning, and now. */
  readonly beganSecondsAgo?: number | null;
  readonly endedSecondsAgo?: number | null;
};

/** Which tasks a claim may take. */
export type TaskFilter = {
  /** These alone, or null for all. */
  readonly only: readonly string[] | null;
  /** All but these, or null for none. */
  readonly except: readonly string[] | null;
};

/** The place (run_at in µs since 1970, id) in a priority of a task before which a look leaves jobs out. */
export type Floor = readonly [task: string, priority: number, runAtUs: number, id: string];

/** The places before which a look leaves jobs out; null for none. */
export type Floors = readonly Floor[] | null;

/** What a claim may take, and how much of it; and what is completed with it, in the same round trip. */
export type Claim = {
  readonly run: string;
  readonly limit: number;
  readonly tasks: TaskFilter;
  readonly floors?: Floors;
  /** Most bytes of payload that the claimed jobs have together, unless it is one job; 8 MiB where not given. */
  readonly maxBytes?: number;
  readonly completed?: readonly Lease[];
};

/** What came of a claim. */
export type Claimed = {
  /** In the order in which they should start: by priority, run_at and id. */
  readonly jobs: readonly LeasedJob[];
  /** Ids of the completed jobs that were not taken: their lease no longer holds, or another transaction has them in its hands. */
  readonly refused: ReadonlySet<string>;
  /** How many blocks of the table and its index the look touched, by the server's count: what it passed and what it took. */
  readonly blocks: number;
  /** Whether more may be due: as much came as was asked for, or as may come at once. */
  readonly mayBeMore: boolean;
};

/** What createJobs may be told. */
export type JobsOptions = {
  /** How long completed jobs are kept, in seconds; null keeps none. */
  readonly keepSeconds?: number | null;
};

/**
 * The queue's SQL functions as typed calls. Each is one statement. All but getJobs are safe to repeat after a lost connection;
 * after a lost getJobs, releaseStrays gives back what it may have claimed.
 */
export type Jobs = ReturnType<typeof createJobs>;

/**
 * Gives the queue's SQL functions of one schema as typed calls over a pool. Where `keepSeconds` is given, what these calls
 * complete is kept in completed_jobs for so long.
 */
export function createJobs(queries: Queries, schema: string, { keepSeconds = null }: JobsOptions = {}) {
  const call = createCall(queries, schema);
  return {
    ...workerRuns(call),
    ...claims(call, keepSeconds),
    ...outcomes(call, keepSeconds),
    ...callbacks(call, keepSeconds),

    /** Finds and mends what does not agree with jobs; gives each check that mended something, or could not. */
    repair: () =>
      call<{ check: string; repaired: number; fault: string | null }>(
        `select check_name as "check", repaired::int as repaired, fault from app_jobs.repair()`,
        [],
      ),

    /** Drops the completed jobs whose time is over, and makes room ahead; gives how many days' worth were dropped. */
    tidyCompleted: async (): Promise<number> => {
      const text = "select app_jobs.tidy_completed_jobs($1) as dropped";
      return onlyRow(await call<{ dropped: number }>(text, [keepSeconds])).dropped;
    },
  };
}

const ids = (leases: readonly Lease[]) => leases.map((lease) => lease.jobId);
const tokens = (leases: readonly Lease[]) => leases.map((lease) => lease.leaseToken);

function outcomes(call: Call, keepSeconds: number | null) {
  const taken = async (rows: Promise<{ id: string }[]>) => new Set((await rows).map((row) => row.id));

  return {
    /** Completes jobs; gives the ids whose lease still held and whose job was in nobody else's hands. */
    completeJobs: (leases: readonly Lease[]): Promise<Set<string>> =>
      taken(
        keepSeconds === null
          ? call("select app_jobs.complete_leases($1::bigint[], $2::uuid[]) as id", [
              ids(leases),
              tokens(leases),
            ])
          : call("select app_jobs.keep_leases($1::bigint[], $2::uuid[], $3) as id", [
              ids(leases),
              tokens(leases),
              keepSeconds,
            ]),
      ),

    /** Records failed attempts; gives the ids as completeJobs does. */
    failJobs: (failures: readonly Failure[], unreachableLimitSeconds: number): Promise<Set<string>> =>
      taken(
        call(
          `select id from app_jobs.fail_leases(
             $1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::double precision[], $6, $7::integer[],
             $8::double precision[], $9::double precision[])`,
          [
            ids(failures),
            tokens(failures),
            failures.map((failure) => failure.kind),
            failures.map((failure) => failure.message),
            failures.map((failure) => failure.delaySeconds),
            unreachableLimitSeconds,
            failures.map(({ httpStatus = null }) => httpStatus),
            failures.map(({ beganSecondsAgo = null }) => beganSecondsAgo),
            failures.map(({ endedSecondsAgo = null }) => endedSecondsAgo),
          ],
        ),
      ),

    /** Cancels jobs, whether they wait or run; gives the ids of those that there were. */
    cancelJobs: (jobIds: readonly string[], reason: string | null = null): Promise<Set<string>> =>
      taken(call("select id from app_jobs.cancel_jobs($1::bigint[], $2)", [jobIds, reason])),

    /** Of leases whose outcome was not taken: gives the ids of those that still hold, as another transaction had the job in its hands. */
    heldLeases: (leases: readonly Lease[]): Promise<Set<string>> =>
      taken(
        call("select app_jobs.held_leases($1::bigint[], $2::uuid[]) as id", [ids(leases), tokens(leases)]),
      ),

    /** Leaves jobs to functions that answered 202; gives the ids as completeJobs does. */
    acceptJobs: (leases: readonly Lease[], callbackSeconds: number): Promise<Set<string>> =>
      taken(
        call("select app_jobs.accept_leases($1::bigint[], $2::uuid[], $3) as id", [
          ids(leases),
          tokens(leases),
          callbackSeconds,
        ]),
      ),
  };
}
