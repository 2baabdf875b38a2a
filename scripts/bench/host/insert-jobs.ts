import type { Sql } from "../../../db/client/connect.ts";

/** Which jobs to insert. */
export type JobsChoice = {
  readonly count: number;
  /** Due so many seconds from now; 0 where not given. */
  readonly inSeconds?: number;
  /** They are out of attempts. */
  readonly dead?: boolean;
  /** They are spread over so many serial queues, of this name and a number. */
  readonly queues?: { readonly name: string; readonly count: number };
};

/** Inserts jobs in one statement. Each payload says when that was, in ms since 1970. */
export async function insertJobs(sql: Sql, choice: JobsChoice): Promise<void> {
  const { count, inSeconds = 0, dead = false, queues } = choice;
  await sql`
    insert into app_jobs.jobs (database_id, task_identifier, payload, queue_name, run_at, attempts)
    select
      '5b720132-17d5-424d-9bcb-ee7b17c13d43',
      'mail',
      json_build_object('at', round(extract(epoch from clock_timestamp()) * 1000, 3)),
      ${queues?.name ?? null}::text || '-' || i % ${queues?.count ?? 1}::int,
      now() + make_interval(secs => ${inSeconds}),
      case when ${dead} then 25 else 0 end
    from generate_series(1, ${count}::int) as i`;
}
