-- The claim. Everything that takes a lease goes through here: get_jobs for our worker, get_job for plain callers.
--
-- Jobs without a queue: jobs_ready_idx holds waiting ones in claim order, but due and future ones of one priority lie
-- side by side, so one scan over all priorities would walk through a million future jobs of priority 0 to reach a due
-- one of priority 1. The loop asks for one priority at a time (next_band): an index range (priority = p, run_at between its
-- floor and now()) of due rows alone, then one step along the index to the next priority. (PostgreSQL 15:
-- an empty poll with a million future jobs 0.15 ms this way, 15 ms by a filter.)
--
-- Floors: a claimed job leaves its entry in the index until vacuum, and a scan passes all of those before it meets the
-- first waiting job: milliseconds after a minute of high load, seconds once another session has held a snapshot for
-- minutes. So a worker may say, for each priority, from which place (run_at and id) on to look; services/worker/look-back.ts
-- decides when, and looks at the whole often enough. Without floors, everything is looked at.
--
-- Plan relied on, whatever the statistics say: Limit > LockRows > Index Scan using jobs_ready_idx, no sort, and the update
-- by jobs_pkey. It is kept by the settings of the function, since a plan made while the table was small would stay
-- after a bulk insert, until the next ANALYZE; and it is made once, since planning costs more than such a scan.
--
-- One token for all jobs of a claim: a lease is known by its job and its token, and making one for each costs a tenth of the
-- claim. Rows come back in the order of their ids.
--
-- Serial queues: job_queues names the queues that may have something due. Of each, only the head is looked at. Two
-- claims cannot take the same queue: an advisory lock on its name, held until commit, lets one try; the look at its
-- running job comes after, in a new snapshot. jobs_running_queue_idx would refuse what slips through. A head that another
-- transaction is changing is left for a later claim, and is not overtaken: it is chosen without a lock, and then locked if
-- it is still what it was. Queues whose bounds promised a job that is not there are settled, and the next ones are looked
-- at, so that a claim comes back short only when nothing more is due.
create type app_jobs.leased_job as (
  id bigint,
  database_id uuid,
  task_identifier text,
  payload json,
  attempts integer,
  max_attempts integer,
  priority integer,
  run_at timestamptz,
  queue_name text,
  lease_token uuid,
  created_at timestamptz,
  traceparent text,
  tracestate text,
  schedule_id bigint,
  scheduled_at timestamptz,
  revision integer
);

comment on type app_jobs.leased_job is
  'What a worker needs of a job that it has claimed; the columns of jobs by their names. Narrow, since claims give hundreds.';

create function app_jobs.claim_jobs(
  worker_id text,
  lease json,
  tasks text[],
  excluded_tasks text[],
  job_limit integer,
  floors json default null
) returns setof app_jobs.leased_job
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
as $$
declare
  -- Any number will do that other users of advisory locks are unlikely to choose.
  queue_lock_class constant integer := 1785686883;
  heads bigint[] := '{}';
  free bigint[] := '{}';
  picked bigint[];
  names text[];
  idle text[] := '{}';
  tried text[] := '{}';
  wanted integer;
  seen integer;
  -- Below every priority, as is band.
  last_priority bigint := -2147483649;
  last_run_at timestamptz := '-infinity';
  last_name text := '';
  band bigint := -2147483649;
  since timestamptz;
  since_id bigint;
  token uuid := gen_random_uuid();
  run uuid := (lease ->> 'run')::uuid;
  seconds double precision := (lease ->> 'seconds')::double precision;
begin
  -- What one statement takes into its hands, the next looks at anew: another claim may have ended in between. Subqueries
  -- and not exists, which may be planned as one look at the jobs of all queues.
  while cardinality(heads) < job_limit loop
    wanted := job_limit - cardinality(heads);
    select
      count(*),
      array_agg(c.queue_name) filter (where pg_try_advisory_xact_lock(queue_lock_class, hashtext(c.queue_name))),
      (array_agg(c.next_priority))[count(*)],
      (array_agg(c.next_run_at))[count(*)],
      (array_agg(c.queue_name))[count(*)]
    into seen, names, last_priority, last_run_at, last_name
    from (
      select q.queue_name, q.next_priority, q.next_run_at
      from app_jobs.job_queues as q
      where not q.is_parked
        and q.next_run_at <= now()
        and (q.next_priority, q.next_run_at, q.queue_name) > (last_priority, last_run_at, last_name)
        and q.queue_name <> all (tried)
        and (
          select true
          from app_jobs.jobs as running
          where running.queue_name = q.queue_name and running.locked_at is not null
        ) is null
        and (
          (claim_jobs.tasks is null and claim_jobs.excluded_tasks is null)
          or (
            select true
            from app_jobs.jobs as j
            where j.queue_name = q.queue_name
              and j.locked_at is null
              and j.attempts < j.max_attempts
              and j.run_at <= now()
              and (claim_jobs.tasks is null or j.task_identifier = any (claim_jobs.tasks))
              and (claim_jobs.excluded_tasks is null or j.task_identifier <> all (claim_jobs.excluded_tasks))
            limit 1
          )
        )
      order by q.next_priority, q.next_run_at, q.queue_name
      limit wanted
    ) as c;

    exit when seen = 0;

    select
      heads || coalesce(array_agg(head.id) filter (where head.id is not null), '{}'),
      idle || coalesce(
        array_agg(c.queue_name) filter (where c.is_running is null and (following.id is null or c.row_count > 1)), '{}'
      ),
      tried || names
    into heads, idle, tried
    from (
      select
        one.name as queue_name,
        one.row_count,
        (
          select true
          from app_jobs.jobs as running
          where running.queue_name = one.name and running.locked_at is not null
        ) as is_running
      from (
        select name, count(*) as row_count
        from unnest(names) as name
        group by name
      ) as one
    ) as c
    left join lateral (
      select j.id, j.priority, j.run_at
      from app_jobs.jobs as j
      where j.queue_name = c.queue_name
        and j.locked_at is null
        and j.attempts < j.max_attempts
        and j.run_at <= now()
        and c.is_running is null
        and (claim_jobs.tasks is null or j.task_identifier = any (claim_jobs.tasks))
        and (claim_jobs.excluded_tasks is null or j.task_identifier <> all (claim_jobs.excluded_tasks))
      order by j.priority, j.run_at, j.id
      limit 1
    ) as first on true
    left join lateral (
      select j.id
      from app_jobs.jobs as j
      where j.id = first.id
        and j.queue_name = c.queue_name
        and j.locked_at is null
        and j.attempts < j.max_attempts
        and j.priority = first.priority
        and j.run_at = first.run_at
      for update skip locked
    ) as head on true
    left join lateral (
      select j.id
      from app_jobs.jobs as j
      where j.queue_name = c.queue_name
        and j.locked_at is null
        and j.attempts < j.max_attempts
        and j.id <> head.id
      limit 1
    ) as following on true;
    exit when seen < wanted;
  end loop;

  while cardinality(free) < job_limit loop
    select b.priority, b.since, b.since_id
    into band, since, since_id
    from app_jobs.next_band(band, floors) as b;
    exit when band is null;

    free := free || array(
      select j.id
      from app_jobs.jobs as j
      where j.locked_at is null
        and j.attempts < j.max_attempts
        and j.queue_name is null
        and j.priority = band
        and (j.run_at, j.id) >= (since, since_id)
        and j.run_at <= now()
        and (claim_jobs.tasks is null or j.task_identifier = any (claim_jobs.tasks))
        and (claim_jobs.excluded_tasks is null or j.task_identifier <> all (claim_jobs.excluded_tasks))
      order by j.run_at, j.id
      limit job_limit - cardinality(free)
      for update skip locked
    );
  end loop;

  if cardinality(heads) = 0 then
    picked := free;
  else
    picked := array(
      select j.id
      from app_jobs.jobs as j
      where j.id = any (heads || free)
      order by j.priority, j.run_at, j.id
      limit job_limit
    );
  end if;

  -- Its leases are its worker's: whoever removes that row waits until they can be seen (rescue_jobs).
  if cardinality(picked) > 0 and claim_jobs.lease ->> 'run' is not null then
    perform
    from app_jobs.workers as w
    where w.run = (claim_jobs.lease ->> 'run')::uuid
    for key share;
    if not found then
      return;
    end if;
  end if;

  return query
  update app_jobs.jobs as j
  set attempts = j.attempts + 1,
    locked_at = now(),
    locked_by = claim_jobs.worker_id,
    lease_token = token,
    worker_run = run,
    lease_seconds = seconds,
    parked_queue = false,
    accepted_at = null,
    progress = null,
    progress_message = null,
    updated_at = now()
  where j.id = any (picked)
  returning
    j.id,
    j.database_id,
    j.task_identifier,
    j.payload,
    j.attempts,
    j.max_attempts,
    j.priority,
    j.run_at,
    j.queue_name,
    j.lease_token,
    j.created_at,
    j.traceparent,
    j.tracestate,
    j.schedule_id,
    j.scheduled_at,
    j.revision;

  -- Queues with nothing more to claim need no second look, and those with two rows but one.
  if cardinality(idle) > 0 then
    perform app_jobs.settle_queues(idle);
  end if;
end;
$$;

comment on function app_jobs.claim_jobs(text, json, text[], text[], integer, json) is
  'Leases up to job_limit due jobs, lowest priority number first, then oldest run_at. lease is {"run": uuid} for a beating '
  'worker or {"seconds": number}. tasks limits to these task identifiers; excluded_tasks leaves these out; null for all. '
  'floors, {"priority": [run_at in µs since 1970, id]}, leaves out what comes before that place in these priorities.';

revoke all on function app_jobs.claim_jobs(text, json, text[], text[], integer, json) from public;

create function app_jobs.get_jobs(
  worker_run uuid,
  job_limit integer,
  task_identifiers text[] default null,
  excluded_task_identifiers text[] default null,
  floors json default null,
  completed_ids bigint[] default null,
  completed_tokens uuid[] default null,
  keep_seconds double precision default null
) returns setof app_jobs.leased_job
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  worker_id text;
  taken bigint[];
begin
  select w.worker_id
  into worker_id
  from app_jobs.workers as w
  where w.run = get_jobs.worker_run and w.lease_until > now();
  if not found then
    raise exception 'LEASE_LOST' using
      errcode = 'object_not_in_prerequisite_state',
      detail = format('Run %s of a worker is not registered, or has not beaten within its lease.', get_jobs.worker_run),
      hint = 'Register a new run with register_worker before claiming.';
  end if;

  if completed_ids is not null then
    if keep_seconds is null then
      taken := array(select app_jobs.complete_leases(completed_ids, completed_tokens));
    else
      taken := array(select app_jobs.keep_leases(completed_ids, completed_tokens, keep_seconds));
    end if;
    if cardinality(taken) < cardinality(completed_ids) then
      return query
      select (row (refused.id, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null)::app_jobs.leased_job).*
      from unnest(completed_ids) as refused (id)
      where refused.id <> all (taken);
    end if;
  end if;

  return query
  select *
  from app_jobs.claim_jobs(
    worker_id,
    json_build_object('run', worker_run),
    task_identifiers,
    excluded_task_identifiers,
    job_limit,
    floors
  );
end;
$$;

comment on function app_jobs.get_jobs(uuid, integer, text[], text[], json, bigint[], uuid[], double precision) is
  'Claims up to job_limit jobs for a registered worker run, which keeps them by its beats, and before that completes others, as '
  'complete_leases does, or keep_leases where keep_seconds is given: one round trip for both. A completion that was not taken '
  'comes back as a row of its id alone. floors leaves out jobs as in claim_jobs. Raises LEASE_LOST, and then completes none.';

revoke all on function app_jobs.get_jobs(uuid, integer, text[], text[], json, bigint[], uuid[], double precision) from public;

create function app_jobs.get_job(
  worker_id text,
  task_identifiers text[] default null,
  job_expiry interval default '4 hours'
) returns app_jobs.jobs
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  claimed_id bigint;
  job app_jobs.jobs;
begin
  if worker_id is null then
    raise exception 'INVALID_WORKER_ID' using
      errcode = 'null_value_not_allowed',
      detail = 'get_job was called with a null worker_id.',
      hint = 'Pass a name that is this worker''s own.';
  end if;

  -- Callers of this function may be the only workers there are, so it takes back what has expired itself. That this fails keeps nobody
  -- from what waits.
  begin
    perform app_jobs.rescue_jobs();
  exception
    when others then
      raise warning 'JOBS_NOT_TAKEN_BACK' using
        errcode = sqlstate,
        detail = format('Jobs whose lease has ended could not be looked for: %s', sqlerrm);
  end;

  select claimed.id
  into claimed_id
  from app_jobs.claim_jobs(
    get_job.worker_id,
    json_build_object('seconds', extract(epoch from coalesce(get_job.job_expiry, interval '4 hours'))),
    get_job.task_identifiers,
    null,
    1
  ) as claimed;

  select j.*
  into job
  from app_jobs.jobs as j
  where j.id = claimed_id;
  return job;
end;
$$;

comment on function app_jobs.get_job(text, text[], interval) is
  'Claims one job for a worker that sends no beats and leases it for job_expiry (4 hours). Gives a row of nulls when nothing '
  'is due. Raises INVALID_WORKER_ID.';

revoke all on function app_jobs.get_job(text, text[], interval) from public;
