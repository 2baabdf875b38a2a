-- What get_jobs and claim_jobs would be as one function: the same jobs where no serial queue is due (of those it only takes
-- heads in their order), but each row is found again by its place, and comes back through one function less. The plans of all
-- that it calls are kept.
create function app_jobs.lean_jobs(
  run uuid,
  job_limit integer,
  tasks text[] default null,
  excluded_tasks text[] default null,
  floors json default null
) returns setof app_jobs.leased_job
language plpgsql
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
#variable_conflict use_column
declare
  queue_lock_class constant integer := 1785686883;
  token constant uuid := gen_random_uuid();
  worker app_jobs.workers;
  free tid[] := '{}';
  candidate text;
  head tid;
  band bigint := -2147483649;
  since timestamptz;
  since_id bigint;
begin
  select *
  into worker
  from app_jobs.workers as w
  where w.run = lean_jobs.run and w.lease_until > now();
  if not found then
    raise exception 'LEASE_LOST' using errcode = 'object_not_in_prerequisite_state';
  end if;

  for candidate in
    select q.queue_name
    from app_jobs.job_queues as q
    where q.next_run_at <= now()
      and not exists (
        select
        from app_jobs.jobs as running
        where running.queue_name = q.queue_name and running.locked_at is not null
      )
    order by q.next_priority, q.next_run_at
    limit job_limit
  loop
    continue when not pg_try_advisory_xact_lock(queue_lock_class, hashtext(candidate));
    select j.ctid
    into head
    from app_jobs.jobs as j
    where j.queue_name = candidate
      and j.locked_at is null
      and j.attempts < j.max_attempts
      and j.run_at <= now()
    order by j.priority, j.run_at, j.id
    limit 1
    for update skip locked;
    free := free || head;
  end loop;

  while cardinality(free) < job_limit loop
    select b.priority, b.since, b.since_id
    into band, since, since_id
    from app_jobs.next_band(band, floors) as b;
    exit when band is null;

    free := free || array(
      select j.ctid
      from app_jobs.jobs as j
      where j.locked_at is null
        and j.attempts < j.max_attempts
        and j.queue_name is null
        and j.priority = band
        and (j.run_at, j.id) >= (since, since_id)
        and j.run_at <= now()
        and (lean_jobs.tasks is null or j.task_identifier = any (lean_jobs.tasks))
        and (lean_jobs.excluded_tasks is null or j.task_identifier <> all (lean_jobs.excluded_tasks))
      order by j.run_at, j.id
      limit job_limit - cardinality(free)
      for update skip locked
    );
  end loop;

  return query
  update app_jobs.jobs as j
  set attempts = j.attempts + 1,
    locked_at = now(),
    locked_by = worker.worker_id,
    lease_token = token,
    worker_run = worker.run,
    lease_seconds = null,
    accepted_at = null,
    progress = null,
    progress_message = null,
    updated_at = now()
  where j.ctid = any (free)
  returning j.id, j.database_id, j.task_identifier, j.payload, j.attempts, j.max_attempts, j.priority, j.run_at,
    j.queue_name, j.lease_token, j.created_at, j.traceparent, j.tracestate, j.schedule_id, j.scheduled_at,
    j.revision;
end;
$$;

create function app_jobs.lean_leases(job_ids bigint[], lease_tokens uuid[]) returns setof bigint
language plpgsql
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
  -- Pair by pair, as a join of the two would, and cheaper. The first pair counts where a job is reported twice.
  return query
  delete from app_jobs.jobs as j
  where j.id = any (job_ids)
    and j.lease_token = lease_tokens[array_position(job_ids, j.id)]
    and j.locked_at is not null
  returning j.id;
end;
$$;
