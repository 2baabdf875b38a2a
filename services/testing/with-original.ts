import { type TestDatabase, withDatabase } from "./with-database.ts";
import { deployOriginal } from "./with-published-service.ts";

/** Tenant of the jobs that withOriginal makes. */
export const tenant = "00000000-0000-4000-8000-000000000001";

/** Gives a database with the original's tables, and at least one job of each kind. */
export async function withOriginal(): Promise<TestDatabase> {
  const database = await withDatabase("empty");
  await deployOriginal(database.sql);
  await database.sql.unsafe(`
    select app_jobs.add_job('${tenant}', 'running', '{"n": 1}', queue_name => 'serial', priority => -3);
    select app_jobs.add_job('${tenant}', 'failing', max_attempts => 5, priority => -2);
    select app_jobs.add_job('${tenant}', 'exhausted', max_attempts => 1, priority => -1);
    select app_jobs.get_job('work1') from generate_series(1, 3);
    select app_jobs.fail_job('work1', 2, 'a fault'), app_jobs.fail_job('work1', 3, 'the last fault');
    select app_jobs.add_job('${tenant}', 'waiting', '{"b":  1, "a": 2}');
    select app_jobs.add_job('${tenant}', 'keyed', job_key => 'k');
    select app_jobs.add_job('${tenant}', 'queued', queue_name => 'serial') from generate_series(1, 2);
    select app_jobs.add_job('${tenant}', 'later', run_at => now() + interval '1 hour');
    select app_jobs.add_scheduled_job('${tenant}', 'tick', '{}', '{"rule": "0 3 * * *"}', job_key => 's');
    select app_jobs.get_scheduled_job('scheduler-1');
    select nextval('app_jobs.jobs_id_seq')`);
  return database;
}
