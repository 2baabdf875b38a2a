create function app_jobs.settle_queue(name text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  lowest_priority integer;
  earliest timestamptz;
begin
  perform
  from app_jobs.job_queues as q
  where q.queue_name = name
  for update skip locked;

  if not found then
    -- An enqueue into it is in flight. Look again soon rather than at every claim.
    update app_jobs.job_queues as q
    set next_run_at = clock_timestamp() + interval '50 milliseconds'
    where q.queue_name = (
      select held.queue_name
      from app_jobs.job_queues as held
      where held.queue_name = name
      for no key update skip locked
    );
    return;
  end if;

  -- With the row held, every committed job of the queue is visible to this statement: walk its priorities.
  with recursive band as (
    (
      select j.priority, j.run_at
      from app_jobs.jobs as j
      where j.queue_name = name and j.locked_at is null and j.attempts < j.max_attempts
      order by j.priority, j.run_at
      limit 1
    )
    union all
    select following.priority, following.run_at
    from band
    cross join lateral (
      select j.priority, j.run_at
      from app_jobs.jobs as j
      where j.queue_name = name
        and j.locked_at is null
        and j.attempts < j.max_attempts
        and j.priority > band.priority
      order by j.priority, j.run_at
      limit 1
    ) as following
  )
  select min(band.priority), min(band.run_at)
  into lowest_priority, earliest
  from band;

  if earliest is null then
    delete from app_jobs.job_queues as q
    where q.queue_name = name;
  else
    update app_jobs.job_queues as q
    set next_priority = lowest_priority, next_run_at = earliest
    where q.queue_name = name;
  end if;
end;
$$;

comment on function app_jobs.settle_queue(text) is
  'Sets the bounds of a serial queue that had nothing due to what waits in it now, or removes its row.';

revoke all on function app_jobs.settle_queue(text) from public;
