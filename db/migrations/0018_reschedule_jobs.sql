create function app_jobs.reschedule_jobs(
  job_ids bigint[],
  run_at timestamptz default null,
  priority integer default null,
  attempts integer default null,
  max_attempts integer default null
) returns setof app_jobs.jobs
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
  revived bigint[];
  held bigint[];
begin
  if reschedule_jobs.max_attempts < 1 then
    perform app_jobs.refuse_job('reschedule_jobs was called with max_attempts below 1.');
  end if;

  if reschedule_jobs.attempts is not null or reschedule_jobs.max_attempts is not null then
    revived := array(
      select back.id
      from app_jobs.retry_dead_jobs(array(
        select d.id
        from app_jobs.dead_jobs as d
        where d.id = any (job_ids)
          and coalesce(reschedule_jobs.attempts, d.attempts) < coalesce(reschedule_jobs.max_attempts, d.max_attempts)
      )) as back
    );
  end if;

  -- Chosen once: a lease that ends meanwhile would be taken away below without being recorded.
  held := array(
    select j.id
    from app_jobs.jobs as j
    where j.id = any (job_ids || revived) and app_jobs.is_free(j)
    order by j.id
    for update
  );
  perform app_jobs.record_attempts(array(
    select app_jobs.lost_attempt(j)
    from app_jobs.jobs as j
    where j.id = any (held) and j.locked_at is not null
  ));

  return query
  update app_jobs.jobs as j
  set run_at = coalesce(reschedule_jobs.run_at, j.run_at),
    priority = coalesce(reschedule_jobs.priority, j.priority),
    attempts = case when j.superseded then j.attempts else coalesce(reschedule_jobs.attempts, j.attempts) end,
    max_attempts = coalesce(reschedule_jobs.max_attempts, j.max_attempts),
    death = null,
    unreachable_since = case when reschedule_jobs.attempts is null then j.unreachable_since end,
    unreachable_count = case when reschedule_jobs.attempts is null then j.unreachable_count else 0 end,
    locked_at = null,
    locked_by = null,
    lease_token = null,
    worker_run = null,
    lease_seconds = null,
    accepted_at = null,
    has_history = j.has_history or j.locked_at is not null,
    updated_at = now()
  where j.id = any (held)
  returning j.*;

  if found then
    perform app_jobs.wake_workers('-infinity');
  end if;
end;
$$;

comment on function app_jobs.reschedule_jobs(bigint[], timestamptz, integer, integer, integer) is
  'Changes when and how jobs run, where an argument is not null, and gives their rows; a dead job that this leaves an '
  'attempt, as attempts => 0 does, is back in jobs. Jobs that are running stay as they are. One that was superseded while its '
  'worker died gets no attempt: it moves to dead_jobs, from where it can be retried.';

revoke all on function app_jobs.reschedule_jobs(bigint[], timestamptz, integer, integer, integer) from public;
