import type { Sql } from "./connect.ts";

/** An attempt that did not complete its job; see db/migrations/0031_job_attempts.sql. */
export type JobAttempt = {
  /** As the function was told; begins again when a dead job is retried. */
  readonly attempt: number;
  readonly outcome: "retry" | "dead" | "unreachable" | "lost" | "overdue" | "released" | "operator";
  /** How often in a row it came to the same; more than 1 where it used up no attempt. */
  readonly tries: number;
  /** When the first of these tries began; null where nothing was under way. */
  readonly beganAt: Date | null;
  /** When the latest of them ended. */
  readonly endedAt: Date;
  readonly workerId: string | null;
  /** Status of the function's answer, where there was one. */
  readonly httpStatus: number | null;
  readonly error: string | null;
};

/** Gives the recorded attempts of a job that waits, runs, is dead, or has completed and is kept, the oldest first. */
export function readJobHistory(sql: Sql, schema: string, jobId: string): Promise<JobAttempt[]> {
  return sql.unsafe<JobAttempt[]>(
    `select attempt, outcome, tries, began_at as "beganAt", ended_at as "endedAt", worker_id as "workerId",
       http_status as "httpStatus", error
     from "${schema}".job_history($1)`,
    [jobId],
    { prepare: true },
  );
}
