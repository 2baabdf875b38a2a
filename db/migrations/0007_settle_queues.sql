-- Rows are found again by their place (ctid), which holds while they are locked.
create function app_jobs.settle_queues(names text[]) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
as $$
declare
  held tid[];
  held_names integer;
  gone integer;
begin
  select array_agg(free.place), count(distinct free.queue_name)
  into held, held_names
  from (
    select q.ctid as place, q.queue_name
    from app_jobs.job_queues as q
    where q.queue_name = any (names) and not q.is_parked
    for update skip locked
  ) as free;
  held := coalesce(held, '{}');

  -- An enqueue into the others is in flight. Look again soon rather than at every claim.
  if held_names < cardinality(names) then
    update app_jobs.job_queues as q
    set next_run_at = clock_timestamp() + interval '50 milliseconds'
    where q.ctid = any (array(
      select others.ctid
      from app_jobs.job_queues as others
      where others.queue_name = any (names) and not others.is_parked and others.ctid <> all (held)
      for no key update skip locked
    ));
  end if;

  -- More rows than queues: of those that are held, one a queue is enough.
  if cardinality(held) > cardinality(names) then
    delete from app_jobs.job_queues as q
    where q.ctid = any (held)
      and (
        select true
        from app_jobs.job_queues as kept
        where kept.queue_name = q.queue_name and kept.id < q.id and kept.ctid = any (held)
        limit 1
      );
  end if;

  -- With the rows held, every committed job of their queues is visible to these statements. A subquery and not exists, which
  -- may be planned as one look at the jobs of all queues.
  delete from app_jobs.job_queues as q
  where q.ctid = any (held)
    and (
      select true
      from app_jobs.jobs as j
      where j.queue_name = q.queue_name and j.locked_at is null and j.attempts < j.max_attempts
      limit 1
    ) is null;
  get diagnostics gone = row_count;

  if gone < cardinality(held) then
    update app_jobs.job_queues as q
    set (next_priority, next_run_at) = (
      select coalesce(bounds.priority, q.next_priority), coalesce(bounds.run_at, q.next_run_at)
      from app_jobs.queue_bounds(q.queue_name) as bounds
    )
    where q.ctid = any (held);
  end if;
end;
$$;

comment on function app_jobs.settle_queues(text[]) is
  'Sets the bounds of serial queues, each named once, to what waits in them now, or removes their rows. Waits for nobody.';

revoke all on function app_jobs.settle_queues(text[]) from public;

create function app_jobs.queue_bounds(name text, out priority integer, out run_at timestamptz)
language sql
stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
as $$
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
  from band;
$$;

comment on function app_jobs.queue_bounds(text) is
  'Gives the lowest priority and the earliest run_at of what waits in a serial queue, by one step along jobs_queue_idx for each '
  'priority in it; nulls when nothing waits.';

revoke all on function app_jobs.queue_bounds(text) from public;

-- A queue that runs cannot be claimed from, and yet the claim would look at its row each time. That is nothing for the few
-- whose request is under way, and much for ten thousand whose functions answered 202. So a queue that has run for a
-- second is parked: its rows are out of the index that claims read. The job that runs carries the duty to bring it back, however
-- it ends (parked_queue, tg_parked_queue_left); both flags are set under the lock of that job's row, so that its end comes
-- either before, and then nothing is parked, or after.
--
-- Looks at the first row_limit queues in claim order alone, since those are the ones that hinder claims.
create function app_jobs.park_queues(row_limit integer) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
  job_ids bigint[];
  places tid[];
begin
  select array_agg(running.id), array_agg(held.place)
  into job_ids, places
  from (
    select q.ctid as place, q.queue_name
    from app_jobs.job_queues as q
    where not q.is_parked and q.next_run_at <= now()
    order by q.next_priority, q.next_run_at, q.queue_name
    limit row_limit
  ) as front
  cross join lateral (
    select j.id
    from app_jobs.jobs as j
    where j.queue_name = front.queue_name and j.locked_at < now() - interval '1 second'
    limit 1
    for update skip locked
  ) as running
  cross join lateral (
    select q.ctid as place
    from app_jobs.job_queues as q
    where q.ctid = front.place and not q.is_parked
    limit 1
    for no key update skip locked
  ) as held;

  if job_ids is not null then
    update app_jobs.jobs as j
    set parked_queue = true
    where j.id = any (job_ids);

    update app_jobs.job_queues as q
    set is_parked = true
    where q.ctid = any (places);
  end if;
end;
$$;

comment on function app_jobs.park_queues(integer) is
  'Keeps claims from looking at serial queues that have been running for a second or longer, until their job ends.';

revoke all on function app_jobs.park_queues(integer) from public;
