import { type Call, createCall } from "../../db/client/call.ts";
import { onlyRow, type Sql } from "../../db/client/connect.ts";
import { type JobAttempt, readJobHistory } from "../../db/client/job-history.ts";
import { workerRuns } from "../../db/client/worker-runs.ts";
import type { RunAt } from "./options.ts";

/** What a job is at, for a person. */
export const jobStates = ["ready", "running", "retrying", "scheduled", "dead", "completed"] as const;

/** One of jobStates. */
export type JobState = (typeof jobStates)[number];

/** A job as `list` shows it. */
export type ListedJob = {
  readonly id: string;
  readonly databaseId: string;
  readonly task: string;
  readonly state: JobState;
  readonly attempts: number;
  readonly maxAttempts: number;
  readonly runAt: Date;
  readonly lastError: string | null;
  readonly completedAt: Date | null;
  /** How long its last attempt took. */
  readonly durationSeconds: number | null;
};

/** A job as `show` shows it. */
export type ShownJob = ListedJob & {
  readonly key: string | null;
  readonly queue: string | null;
  readonly priority: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly lockedAt: Date | null;
  readonly lockedBy: string | null;
  readonly diedAt: Date | null;
  readonly deathReason: string | null;
  readonly keptUntil: Date | null;
  readonly progress: number | null;
  readonly progressMessage: string | null;
  readonly scheduleId: string | null;
  readonly scheduledAt: Date | null;
  /** JSON, byte for byte as stored. */
  readonly payload: string;
};

/** Which jobs to list. */
type JobFilter = {
  readonly state: JobState | null;
  readonly task: string | null;
  readonly databaseId: string | null;
  readonly limit: number;
};

/** A job to enqueue; what is not given takes add_job's default. */
export type NewJob = {
  readonly databaseId: string;
  readonly task: string;
  /** JSON. */
  readonly payload: string;
  readonly key?: string | undefined;
  readonly queue?: string | undefined;
  readonly runAt?: RunAt | undefined;
  readonly maxAttempts?: number | undefined;
  readonly priority?: number | undefined;
};

/** What the command line asks of jobs. */
export type JobQueries = ReturnType<typeof createJobQueries>;

const state = `case
  when completed_at is not null then 'completed'
  when died_at is not null then 'dead'
  when locked_at is not null then 'running'
  when attempts > 0 or last_error is not null then 'retrying'
  when run_at > now() then 'scheduled'
  else 'ready'
end`;

const listedColumns = `id, database_id as "databaseId", task_identifier as task, ${state} as state, attempts, max_attempts as "maxAttempts",
  run_at as "runAt", last_error as "lastError", completed_at as "completedAt",
  duration_seconds as "durationSeconds"`;

const columns = `id, database_id, queue_name, task_identifier, payload, priority, run_at, attempts, max_attempts, key,
  last_error, locked_at, locked_by, created_at, updated_at, progress, progress_message, schedule_id, scheduled_at`;

/** Jobs, and dead ones, as rows of one kind. */
const living = `
  select ${columns}, null::timestamptz as died_at, null::text as reason, null::timestamptz as completed_at,
    null::double precision as duration_seconds, null::timestamptz as kept_until from app_jobs.jobs
  union all
  select ${columns}, died_at, reason, null, null, null from app_jobs.dead_jobs`;

/** The same of those that completed and are kept. */
const completed = `
  select ${columns}, null::timestamptz as died_at, null::text as reason, completed_at, duration_seconds, kept_until
  from app_jobs.completed_jobs`;

/** Gives the command line's questions about jobs as typed calls. */
export function createJobQueries(sql: Sql, schema: string) {
  const call = createCall(sql, schema);
  return {
    ...lookups(call),
    untakenTasks: workerRuns(call).untakenTasks,
    ...endings(call),

    /** Enqueues a job; gives its id and when it may run. */
    enqueue: async (job: NewJob): Promise<{ id: string; runAt: Date }> => {
      const at = job.runAt !== undefined && "at" in job.runAt ? job.runAt.at : null;
      const inSeconds = job.runAt !== undefined && "inSeconds" in job.runAt ? job.runAt.inSeconds : null;
      const rows = await call<{ id: string; runAt: Date }>(
        `select id, run_at as "runAt"
         from app_jobs.add_job($1, $2, $3::text::json, $4, $5,
           coalesce($6::timestamptz, now() + make_interval(secs => $7::double precision)), $8, $9)`,
        [
          job.databaseId,
          job.task,
          job.payload,
          job.key ?? null,
          job.queue ?? null,
          at,
          inSeconds,
          job.maxAttempts ?? null,
          job.priority ?? null,
        ],
      );
      return onlyRow(rows);
    },

    /** Gives the attempts of a job that did not complete it, the oldest first. */
    history: (id: string): Promise<JobAttempt[]> => readJobHistory(sql, schema, id),

    /** Lets jobs run now, with all their attempts again; gives those that were there and not running. */
    retry: (ids: readonly string[]): Promise<{ id: string; task: string }[]> =>
      call<{ id: string; task: string }>(
        `select id, task_identifier as task
         from app_jobs.reschedule_jobs($1::bigint[], run_at => now(), attempts => 0)
         order by id`,
        [ids],
      ),
  };
}

function lookups(call: Call) {
  return {
    /** Gives up to `limit` jobs, newest first; null for any state but completed, any task, or any tenant. */
    list: (filter: JobFilter): Promise<ListedJob[]> =>
      call<ListedJob>(
        `select *
         from (
           select ${listedColumns} from (${filter.state === "completed" ? completed : living}) as all_jobs
         ) as listed
         where ($1::text is null or state = $1) and ($2::text is null or task = $2)
           and ($3::uuid is null or "databaseId" = $3)
         order by id desc
         limit $4`,
        [filter.state, filter.task, filter.databaseId, filter.limit],
      ),

    /** Gives one job, or undefined. */
    find: async (id: string): Promise<ShownJob | undefined> => {
      const rows = await call<ShownJob>(
        `select ${listedColumns}, key, queue_name as queue, priority,
           created_at as "createdAt", updated_at as "updatedAt", locked_at as "lockedAt", locked_by as "lockedBy",
           died_at as "diedAt", reason as "deathReason", kept_until as "keptUntil", progress, progress_message as "progressMessage", schedule_id as "scheduleId",
           scheduled_at as "scheduledAt", payload::text as payload
         from (${living} union all ${completed}) as all_jobs
         where id = $1`,
        [id],
      );
      return rows[0];
    },
  };
}

function endings(call: Call) {
  return {
    /** Cancels jobs that wait or run; gives those that did. */
    cancel: (ids: readonly string[], reason: string | null): Promise<{ id: string; task: string }[]> =>
      call<{ id: string; task: string }>(
        "select id, task_identifier as task from app_jobs.cancel_jobs($1::bigint[], $2) order by id",
        [ids, reason],
      ),

    /** Puts dead jobs back with another payload; gives those that were dead. */
    retryEdited: (ids: readonly string[], payload: string): Promise<{ id: string; task: string }[]> =>
      call<{ id: string; task: string }>(
        "select id, task_identifier as task from app_jobs.retry_dead_jobs($1::bigint[], $2::text::json) order by id",
        [ids, payload],
      ),

    /** Deletes dead jobs; gives those that were dead. */
    discard: (ids: readonly string[]): Promise<{ id: string; task: string }[]> =>
      call<{ id: string; task: string }>(
        "select id, task_identifier as task from app_jobs.discard_dead_jobs($1::bigint[]) order by id",
        [ids],
      ),
  };
}
