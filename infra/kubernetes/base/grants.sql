-- What each role of the cluster may do, granted by the schema's owner after the migrations; safe to repeat. The first two
-- blocks are those of docs/roles.md. The roles themselves are made in infra/cloudnative-pg/cluster.yaml.

-- service role
grant usage on schema app_jobs to jobs_service;
grant select, insert, update, delete on app_jobs.jobs, app_jobs.dead_jobs, app_jobs.job_attempts, app_jobs.completed_jobs,
  app_jobs.job_queues, app_jobs.scheduled_jobs, app_jobs.workers, app_jobs.cancelled_leases, app_jobs.task_policies to jobs_service;
grant select on app_jobs.callback_keys, app_jobs.repairs to jobs_service;
grant execute on all functions in schema app_jobs to jobs_service;

-- enqueuing role
grant usage on schema app_jobs to jobs_enqueuer;
grant execute on function app_jobs.add_job, app_jobs.add_jobs, app_jobs.add_task_jobs, app_jobs.add_scheduled_job to jobs_enqueuer;

-- scaling role: a number, and no job
grant usage on schema app_jobs to jobs_scaler;
grant execute on function app_jobs.queue_depth to jobs_scaler;

-- monitoring role: numbers, and no payload
grant usage on schema app_jobs to pg_monitor;
grant execute on function app_jobs.queue_depth, app_jobs.queue_health to pg_monitor;
grant select (lease_until) on app_jobs.workers to pg_monitor;
grant select (died_at) on app_jobs.dead_jobs to pg_monitor;
grant select (repaired, fault) on app_jobs.repairs to pg_monitor;
grant select (schedule_error, next_tick, paused_at) on app_jobs.scheduled_jobs to pg_monitor;
