import { type Call, createCall } from "./call.ts";
import { callbacks } from "./callbacks.ts";
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

/** By priority, the place (run_at in µs since 1970, id) before which a look leaves jobs out; null for none. */
export type Floors = Readonly<Record<string, readonly [runAtUs: number, id: string]>> | null;

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

/** Most bytes of payload in one claim, unless that is one job. As in db/migrations/0011_get_jobs.sql. */
const maxBytesOfClaim = 8 * 1024 * 1024;

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

/** A row of get_jobs. */
type ClaimRow = Pick<
  LeasedJob,
  "taskIdentifier" | "payload" | "queueName" | "traceparent" | "tracestate" | "scheduleId" | "scheduledAt"
> & {
  /**
   * The row's kind, and what belongs to it that no enqueuer can write a space into, parted by spaces. As columns of their own
   * these take postgres.js 3.4.9 twice the time, once for each job.
   */
  readonly facts: string;
};

/** Gives the job of a row, whose facts begin behind their kind. None of them but the last can be null. */
function leasedJob(row: ClaimRow, facts: readonly string[]): LeasedJob {
  const [
    ,
    id = "",
    databaseId = "",
    attempt,
    maxAttempts,
    priority,
    runAtUs,
    createdAtMs,
    leaseToken = "",
    revision,
  ] = facts;
  return {
    id,
    databaseId,
    taskIdentifier: row.taskIdentifier,
    payload: row.payload,
    attempt: Number(attempt),
    maxAttempts: Number(maxAttempts),
    priority: Number(priority),
    queueName: row.queueName,
    runAtUs: Number(runAtUs),
    leaseToken,
    createdAtMs: Number(createdAtMs),
    revision: revision === undefined ? 0 : Number(revision),
    traceparent: row.traceparent,
    tracestate: row.tracestate,
    scheduleId: row.scheduleId,
    scheduledAt: row.scheduledAt,
  };
}

/** Compares ids of jobs as the numbers that they are; negative where `a` is the smaller one. */
export function compareIds(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

/** Sorts jobs in place. They come by their ids, which is mostly the order already. */
function inOrder(jobs: LeasedJob[]): LeasedJob[] {
  return jobs.sort((a, b) => a.priority - b.priority || a.runAtUs - b.runAtUs || compareIds(a.id, b.id));
}

function claims(call: Call, keepSeconds: number | null) {
  return {
    /** Claims up to `limit` jobs for a worker run, after completing others. */
    getJobs: async (claim: Claim): Promise<Claimed> => {
      const { completed = [] } = claim;
      const rows = await call<ClaimRow>(
        `select
           case kind
             when 'job' then concat_ws(' ', kind, id, database_id, attempts, max_attempts, priority,
               round(date_part('epoch', run_at) * 1000000), round(date_part('epoch', created_at) * 1000), lease_token, revision)
             else concat_ws(' ', kind, id, blocks)
           end as facts,
           task_identifier as "taskIdentifier", payload::text as payload, queue_name as "queueName", traceparent, tracestate,
           schedule_id as "scheduleId", scheduled_at as "scheduledAt"
         from app_jobs.get_jobs($1, $2, $3::text[], $4::text[], $5::text::json, $6::bigint[], $7::uuid[], $8, $9)`,
        [
          claim.run,
          claim.limit,
          claim.tasks.only,
          claim.tasks.except,
          floorsText(claim.floors),
          ...(completed.length === 0 ? [null, null] : [ids(completed), tokens(completed)]),
          keepSeconds,
          Math.min(claim.maxBytes ?? maxBytesOfClaim, maxBytesOfClaim),
        ],
      );
      const jobs: LeasedJob[] = [];
      const refused = new Set<string>();
      let blocks = 0;
      let isCut = false;
      for (const row of rows) {
        const facts = row.facts.split(" ");
        if (facts[0] === "job") jobs.push(leasedJob(row, facts));
        else if (facts[0] === "refused") refused.add(facts[1] ?? "");
        else if (facts[0] === "more") isCut = true;
        else blocks = Number(facts[1]);
      }
      const mayBeMore = isCut || jobs.length === claim.limit;
      return { jobs: inOrder(jobs), refused, blocks, mayBeMore };
    },

    /**
     * Gives the seconds until the next delayed job is due, by the database's clock, for a caller that looked so long ago; zero or less
     * where one has come due since, null where none waits for the clock. And the numbers of the oldest transaction that is
     * still writing and of the next one to begin, equal where none is.
     */
    nextJob: async (lookedSecondsAgo = 0) => {
      const row = onlyRow(
        await call<{ seconds: number | null; oldest: string; next: string }>(
          `select app_jobs.next_job_seconds($1) as seconds, pg_snapshot_xmin(s)::text as oldest, pg_snapshot_xmax(s)::text as next
           from pg_current_snapshot() as s`,
          [lookedSecondsAgo],
        ),
      );
      const [oldestTransaction, nextTransaction] = [BigInt(row.oldest), BigInt(row.next)];
      return { seconds: row.seconds, oldestTransaction, nextTransaction };
    },
  };
}

function floorsText(floors: Floors = null): string | null {
  return floors === null ? null : JSON.stringify(floors);
}

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
