-- For whatever scales workers: counting stops where the answer no longer matters, so that a question every few seconds costs the
-- same with a thousand jobs waiting and with ten million, due or not. It runs
-- with the owner's rights, so that a scaler may be told a number and read no job.
create function app_jobs.queue_depth(at_most integer default 10000) returns bigint
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
  depth bigint;
begin
  at_most := greatest(coalesce(at_most, 10000), 0);
  select (
    select count(*)
    from (
      select
      from app_jobs.jobs as j
      where j.locked_at is not null and j.worker_run is not null
      limit at_most
    ) as running
  ) + (
    select count(*)
    from (
      select
      from app_jobs.jobs as j
      where j.locked_at is null and j.attempts < j.max_attempts and j.queue_name is null and j.run_at <= j.updated_at
      limit at_most
    ) as ready
  ) + (
    select count(*)
    from (
      select
      from app_jobs.jobs as j
      where j.locked_at is null and j.attempts < j.max_attempts and j.run_at > j.updated_at and j.run_at <= now()
      limit at_most
    ) as come_due
  ) + (
    select count(distinct serial.queue_name)
    from (
      select q.queue_name
      from app_jobs.job_queues as q
      where q.closed_until is null
      limit at_most
    ) as serial
  )
  into depth;
  return least(depth, at_most);
end;
$$;

comment on function app_jobs.queue_depth(integer) is
  'How many jobs could run at this moment if there were workers enough, those that run included, counted up to at_most. A '
  'serial queue with something due counts as one, since it cannot use more than one worker.';

revoke all on function app_jobs.queue_depth(integer) from public;
