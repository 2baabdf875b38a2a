-- Rows are found again by their place (ctid), which holds while they are locked. A queue has as many lanes as tasks, mostly one; of
-- one that has more than a thousand, a thousand are settled at a time.
create function app_jobs.settle_queues(names text[]) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
as $$
declare
  held tid[];
  gone integer;
begin
  held := array(
    select q.ctid
    from app_jobs.job_queues as q
    where q.queue_name = any (names) and q.closed_until is null
    order by q.queue_name, q.task_identifier, q.id
    limit 1000
    for update skip locked
  );

  -- What only an enqueue in flight keeps is looked at again soon, rather than by every claim. A subquery and not exists,
  -- which may be planned as one look at the jobs of all queues.
  update app_jobs.job_queues as q
  set closed_until = clock_timestamp() + interval '50 milliseconds'
  where q.ctid = any (array(
    select others.ctid
    from app_jobs.job_queues as others
    where others.queue_name = any (names)
      and others.closed_until is null
      and others.ctid <> all (held)
      and (
        select true
        from app_jobs.jobs as j
        where j.queue_name = others.queue_name
          and j.task_identifier collate "C" = others.task_identifier
          and j.locked_at is null
          and j.attempts < j.max_attempts
          and j.run_at <= j.updated_at
        limit 1
      ) is null
    order by others.queue_name, others.task_identifier, others.id
    limit 1000
    for no key update skip locked
  ));

  -- Of several rows that are held, one a lane is enough.
  if cardinality(held) > cardinality(names) then
    delete from app_jobs.job_queues as q
    where q.ctid = any (held)
      and (
        select true
        from app_jobs.job_queues as kept
        where kept.queue_name = q.queue_name
          and kept.task_identifier = q.task_identifier
          and kept.id < q.id
          and kept.ctid = any (held)
        limit 1
      );
  end if;

  -- With the rows held, every committed job of their lanes is visible to these statements.
  delete from app_jobs.job_queues as q
  where q.ctid = any (held)
    and (
      select true
      from app_jobs.jobs as j
      where j.queue_name = q.queue_name
        and j.task_identifier collate "C" = q.task_identifier
        and j.locked_at is null
        and j.attempts < j.max_attempts
        and j.run_at <= j.updated_at
      limit 1
    ) is null;
  get diagnostics gone = row_count;

  if gone < cardinality(held) then
    update app_jobs.job_queues as q
    set (next_priority, next_run_at) = (
      select coalesce(first.priority, q.next_priority), coalesce(first.run_at, q.next_run_at)
      from (select) as one
      left join lateral (
        select j.priority, j.run_at
        from app_jobs.jobs as j
        where j.queue_name = q.queue_name
          and j.task_identifier collate "C" = q.task_identifier
          and j.locked_at is null
          and j.attempts < j.max_attempts
          and j.run_at <= j.updated_at
        order by j.priority, j.run_at, j.id
        limit 1
      ) as first on true
    )
    where q.ctid = any (held);
  end if;
end;
$$;

comment on function app_jobs.settle_queues(text[]) is
  'Sets the bounds of serial queues, each named once, to what is ready in them now, or removes their rows. Waits for nobody.';

revoke all on function app_jobs.settle_queues(text[]) from public;

-- A queue that runs cannot be claimed from, and yet the claim would look at its row each time. That is nothing for the few
-- whose request is under way, and much for ten thousand whose functions answered 202. So a claim that had to pass many closes the lanes
-- of those that have been running for a second. The job that runs carries the duty to open them, however it ends
-- (parked_queue, tg_parked_queue_left); both are written under the lock of that job's row, so that its end comes either
-- before, and then nothing is closed, or after.
create function app_jobs.park_queues(names text[]) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
  job_ids bigint[];
  places tid[];
begin
  select array_agg(distinct running.id), array_agg(held.place)
  into job_ids, places
  from unnest(names) as passed (queue_name)
  cross join lateral (
    select j.id
    from app_jobs.jobs as j
    where j.queue_name = passed.queue_name and j.locked_at < now() - interval '1 second'
    limit 1
    for update skip locked
  ) as running
  cross join lateral (
    select q.ctid as place
    from app_jobs.job_queues as q
    where q.queue_name = passed.queue_name and q.closed_until is null
    order by q.queue_name, q.task_identifier, q.id
    limit 1000
    for no key update skip locked
  ) as held;

  if job_ids is not null then
    update app_jobs.jobs as j
    set parked_queue = true
    where j.id = any (job_ids);

    update app_jobs.job_queues as q
    set closed_until = 'infinity'
    where q.ctid = any (places);
  end if;
end;
$$;

comment on function app_jobs.park_queues(text[]) is
  'Keeps claims from looking at those of these serial queues, each named once, that have been running for a second or longer, until '
  'their job ends.';

revoke all on function app_jobs.park_queues(text[]) from public;
