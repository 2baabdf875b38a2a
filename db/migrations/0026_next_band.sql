-- Called by claim_free, within the settings of claim_jobs.
create function app_jobs.next_band(
  after bigint,
  floors json,
  out priority bigint,
  out since timestamptz,
  out since_id bigint
)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  known bigint := 2147483648;
begin
  if floors is not null then
    select min(f.priority::bigint)
    into known
    from json_object_keys(floors) as f (priority)
    where f.priority::bigint > after;
    known := coalesce(known, 2147483648);
  end if;

  -- Between the priorities that have a floor there is nothing but live entries, so this is one step along jobs_ready_idx.
  select j.priority
  into next_band.priority
  from app_jobs.jobs as j
  where j.locked_at is null
    and j.attempts < j.max_attempts
    and j.queue_name is null
    and j.run_at <= j.updated_at
    and j.priority > after
    and j.priority < known
  order by j.priority
  limit 1;

  if found then
    since := '-infinity';
    since_id := 0;
  elsif known < 2147483648 then
    next_band.priority := known;
    since := 'epoch'::timestamptz + (floors -> known::text ->> 0)::double precision * interval '1 microsecond';
    since_id := (floors -> known::text ->> 1)::bigint;
  end if;
end;
$$;

comment on function app_jobs.next_band(bigint, json) is
  'Gives the next priority above after that has ready jobs without a queue, or a floor, and from which run_at '
  'and id on to look at it; nulls when there is none.';

revoke all on function app_jobs.next_band(bigint, json) from public;
