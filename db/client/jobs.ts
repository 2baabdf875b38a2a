import { onlyRow, type Sql } from "./connect.ts";

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
  readonly createdAt: Date;
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
  readonly completed?: readonly Lease[];
};

/** What came of a claim. */
export type Claimed = {
  /** In the order in which they should start: by priority, run_at and id. */
  readonly jobs: readonly LeasedJob[];
  /** Ids of the completed jobs whose lease no longer held. */
  readonly refused: ReadonlySet<string>;
};

/** What a worker is to know with each beat. */
export type WorkerOrders = {
  /** Leases of its run whose job was cancelled, of late. */
  readonly cancelled: readonly Lease[];
  /** The tasks whose requests differ from the rest; null for what is as everywhere. */
  readonly policies: readonly {
    readonly task: string;
    readonly timeoutSeconds: number | null;
    readonly maxAttempts: number | null;
  }[];
};

/** What a callback reports; see db/migrations/0017_callback_job.sql. */
export type CallbackReport =
  | { readonly kind: "complete" }
  | { readonly kind: "retry" | "dead"; readonly error: string; readonly delaySeconds: number | null }
  | {
      readonly kind: "progress";
      readonly progress: number | null;
      readonly message: string | null;
      readonly callbackSeconds: number;
    };

/** What became of a callback. */
export type CallbackResult = "taken" | "repeated" | "passed on";

/** The queue's SQL functions as typed calls. Each is one statement. All but getJobs are safe to repeat after a
 * lost connection; after a lost getJobs, releaseStrays gives back what it may have claimed. */
export type Jobs = ReturnType<typeof createJobs>;

/** Gives the queue's SQL functions of one schema as typed calls over a pool. */
export function createJobs(sql: Sql, schema: string) {
  const call = <Row extends object>(text: string, values: readonly unknown[]) =>
    sql.unsafe<Row[]>(text.replaceAll("app_jobs.", `"${schema}".`), [...values] as never[], {
      prepare: true,
    });

  return {
    ...workerRuns(call),
    ...claims(call),
    ...outcomes(call),

    /** Records a function's callback under its lease. */
    callback: async ({ jobId, leaseToken }: Lease, report: CallbackReport): Promise<CallbackResult> => {
      const text = "select app_jobs.callback_job($1, $2, $3::text::json) as result";
      const rows = await call<{ result: CallbackResult }>(text, [jobId, leaseToken, JSON.stringify(report)]);
      return rows[0]?.result ?? "passed on";
    },

    /** Gives the keys that callback tokens are signed with, the newest first. */
    callbackKeys: async (): Promise<string[]> => {
      const rows = await call<{ secret: string }>(
        "select secret from app_jobs.callback_keys order by id desc",
        [],
      );
      return rows.map((row) => row.secret);
    },
  };
}

const ids = (leases: readonly Lease[]) => leases.map((lease) => lease.jobId);
const tokens = (leases: readonly Lease[]) => leases.map((lease) => lease.leaseToken);

/** A row of get_jobs; one without a token stands for a completion that was refused. */
type LeasedRow = Omit<LeasedJob, "leaseToken" | "createdAt"> & {
  readonly leaseToken: string | null;
  readonly createdMs: number;
};

function leasedJob({ createdMs, ...row }: LeasedRow, leaseToken: string): LeasedJob {
  // Postgres has times that JavaScript has not, infinity among them.
  return { ...row, leaseToken, createdAt: new Date(Math.max(-8.64e15, Math.min(8.64e15, createdMs))) };
}

/** Compares ids of jobs as the numbers that they are; negative where `a` is the smaller one. */
export function compareIds(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

/** Sorts jobs in place. They come by their ids, which is mostly the order already. */
function inOrder(jobs: LeasedJob[]): LeasedJob[] {
  return jobs.sort((a, b) => a.priority - b.priority || a.runAtUs - b.runAtUs || compareIds(a.id, b.id));
}

type Call = <Row extends object>(text: string, values: readonly unknown[]) => Promise<Row[]>;

function workerRuns(call: Call) {
  return {
    /** Makes a new worker run known. */
    registerWorker: async (worker: {
      run: string;
      workerId: string;
      leaseSeconds: number;
    }): Promise<void> => {
      await call("select app_jobs.register_worker($1, $2, $3)", [
        worker.run,
        worker.workerId,
        worker.leaseSeconds,
      ]);
    },

    /** Renews a run's lease and gives what it is to know; null when the lease had ended. */
    beatWorker: async (run: string): Promise<WorkerOrders | null> => {
      const rows = await call<{ alive: boolean; orders: WorkerOrders }>(
        "select app_jobs.beat_worker($1) as alive, app_jobs.worker_orders($1) as orders",
        [run],
      );
      return rows[0]?.alive ? rows[0].orders : null;
    },

    /** Asks for notifications for so many seconds from now on, or for none from now on. */
    restWorker: async (run: string, seconds: number | null): Promise<void> => {
      await call("select app_jobs.rest_worker($1, $2)", [run, seconds]);
    },

    /** Ends a run and gives its jobs back with their attempts; gives their number. */
    releaseWorker: async (run: string): Promise<number> =>
      (await call("select app_jobs.release_worker($1)", [run])).length,

    /** Gives back what a run has claimed without knowing, all but these ids; gives their number. */
    releaseStrays: async (run: string, known: readonly string[]): Promise<number> =>
      (await call("select app_jobs.release_strays($1, $2::bigint[])", [run, known])).length,

    /** Takes back jobs whose lease has ended; gives what became of them, without payloads. */
    rescueJobs: () =>
      call<{ id: string; task: string; attempts: number; reason: string }>(
        "select id, task_identifier as task, attempts, last_error as reason from app_jobs.rescue_jobs()",
        [],
      ),
  };
}

function claims(call: Call) {
  return {
    /** Claims up to `limit` jobs for a worker run, after completing others. */
    getJobs: async (claim: Claim): Promise<Claimed> => {
      const { completed = [] } = claim;
      const rows = await call<LeasedRow>(
        `select id, database_id as "databaseId", task_identifier as "taskIdentifier", payload::text as payload,
           attempts as attempt, max_attempts as "maxAttempts", priority,
           round(date_part('epoch', run_at) * 1000000) as "runAtUs", queue_name as "queueName", lease_token as "leaseToken",
           round(date_part('epoch', created_at) * 1000) as "createdMs", traceparent, tracestate,
           schedule_id as "scheduleId", scheduled_at as "scheduledAt"
         from app_jobs.get_jobs($1, $2, $3::text[], $4::text[], $5::text::json, $6::bigint[], $7::uuid[])`,
        [
          claim.run,
          claim.limit,
          claim.tasks.only,
          claim.tasks.except,
          floorsText(claim.floors),
          ...(completed.length === 0 ? [null, null] : [ids(completed), tokens(completed)]),
        ],
      );
      const jobs: LeasedJob[] = [];
      const refused = new Set<string>();
      for (const row of rows) {
        if (row.leaseToken === null) refused.add(row.id);
        else jobs.push(leasedJob(row, row.leaseToken));
      }
      return { jobs: inOrder(jobs), refused };
    },

    /**
     * Gives the seconds until the next waiting job is due, by the database's clock, null when none waits; and the numbers
     * of the oldest transaction that is still writing and of the next one to begin, equal where none is.
     */
    nextJob: async (floors: Floors = null) => {
      const row = onlyRow(
        await call<{ seconds: number | null; oldest: string; next: string }>(
          `select app_jobs.next_job_seconds($1::text::json) as seconds, pg_snapshot_xmin(s)::text as oldest, pg_snapshot_xmax(s)::text as next
           from pg_current_snapshot() as s`,
          [floorsText(floors)],
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

function outcomes(call: Call) {
  const taken = async (rows: Promise<{ id: string }[]>) => new Set((await rows).map((row) => row.id));

  return {
    /** Completes jobs; gives the ids whose lease still held. */
    completeJobs: (leases: readonly Lease[]): Promise<Set<string>> =>
      taken(
        call("select app_jobs.complete_leases($1::bigint[], $2::uuid[]) as id", [
          ids(leases),
          tokens(leases),
        ]),
      ),

    /** Records failed attempts; gives the ids whose lease still held. */
    failJobs: (failures: readonly Failure[], unreachableLimitSeconds: number): Promise<Set<string>> =>
      taken(
        call(
          `select id from app_jobs.fail_leases(
             $1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::double precision[], $6)`,
          [
            ids(failures),
            tokens(failures),
            failures.map((failure) => failure.kind),
            failures.map((failure) => failure.message),
            failures.map((failure) => failure.delaySeconds),
            unreachableLimitSeconds,
          ],
        ),
      ),

    /** Cancels jobs, whether they wait or run; gives the ids of those that there were. */
    cancelJobs: (jobIds: readonly string[], reason: string | null = null): Promise<Set<string>> =>
      taken(call("select id from app_jobs.cancel_jobs($1::bigint[], $2)", [jobIds, reason])),

    /** Leaves jobs to functions that answered 202; gives the ids whose lease still held. */
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
