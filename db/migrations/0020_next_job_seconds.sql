create function app_jobs.next_job_seconds(floors json default null) returns double precision
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
  band bigint := -2147483649;
  since timestamptz;
  since_id bigint;
  first_due timestamptz;
  earliest timestamptz;
begin
  select min(q.next_run_at)
  into earliest
  from app_jobs.job_queues as q
  where not q.is_parked and q.next_run_at > now();

  loop
    select b.priority, b.since, b.since_id
    into band, since, since_id
    from app_jobs.next_band(band, floors) as b;
    exit when band is null;

    select j.run_at
    into first_due
    from app_jobs.jobs as j
    where j.locked_at is null
      and j.attempts < j.max_attempts
      and j.queue_name is null
      and j.priority = band
      and (j.run_at, j.id) >= (since, since_id)
    order by j.run_at, j.id
    limit 1;
    earliest := least(earliest, first_due);
    exit when earliest <= now();
  end loop;

  return extract(epoch from earliest - now());
end;
$$;

comment on function app_jobs.next_job_seconds(json) is
  'Seconds until the next waiting job is due, by the database''s clock; zero or less when one is due, null when none waits. '
  'Serial queues count from now on only, since a due one may be waiting for its running job. floors as in get_jobs.';

revoke all on function app_jobs.next_job_seconds(json) from public;
