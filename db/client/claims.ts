import type { Call } from "./call.ts";
import { onlyRow } from "./connect.ts";
import type { Claim, Claimed, Floors, LeasedJob } from "./jobs.ts";

/** Most bytes of payload in one claim, unless that is one job. As in db/migrations/0011_get_jobs.sql. */
const maxBytesOfClaim = 8 * 1024 * 1024;

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

/** The calls of a worker that looks for jobs. */
export function claims(call: Call, keepSeconds: number | null) {
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
          ...(completed.length === 0
            ? [null, null]
            : [completed.map(({ jobId }) => jobId), completed.map(({ leaseToken }) => leaseToken)]),
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
