-- The system that this schema replaces gives its role administrator all rights here. Where that role exists, so do we;
-- elsewhere nobody but the owner has any until granted (docs/roles.md tells which roles need what).
do $$
begin
  if exists (select from pg_catalog.pg_roles where rolname = 'administrator') then
    grant usage on schema app_jobs to administrator;
    grant select, insert, update, delete on app_jobs.jobs, app_jobs.dead_jobs, app_jobs.scheduled_jobs, app_jobs.job_queues,
      app_jobs.job_attempts, app_jobs.completed_jobs, app_jobs.task_policies, app_jobs.cancelled_leases to administrator;
    grant execute on all functions in schema app_jobs to administrator;
    -- What later migrations make, too.
    alter default privileges in schema app_jobs grant select, insert, update, delete on tables to administrator;
    alter default privileges in schema app_jobs grant execute on functions to administrator;
  end if;
end;
$$;
