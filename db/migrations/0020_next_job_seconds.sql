create function app_jobs.next_job_seconds() returns double precision
language sql
set search_path = pg_catalog, pg_temp
as $$
  with recursive band as (
    (
      select j.priority, j.run_at
      from app_jobs.jobs as j
      where j.locked_at is null and j.attempts < j.max_attempts and j.queue_name is null
      order by j.priority, j.run_at
      limit 1
    )
    union all
    select following.priority, following.run_at
    from band
    cross join lateral (
      select j.priority, j.run_at
      from app_jobs.jobs as j
      where j.locked_at is null
        and j.attempts < j.max_attempts
        and j.queue_name is null
        and j.priority > band.priority
      order by j.priority, j.run_at
      limit 1
    ) as following
  )
  select extract(epoch from least(
    (select min(band.run_at) from band),
    (select min(q.next_run_at) from app_jobs.job_queues as q where q.next_run_at > now())
  ) - now())::double precision;
$$;

comment on function app_jobs.next_job_seconds() is
  'Seconds until the next waiting job is due, by the database''s clock; zero or less when one is due, null when none waits. '
  'Serial queues count from now on only, since a due one may be waiting for its running job.';

revoke all on function app_jobs.next_job_seconds() from public;
