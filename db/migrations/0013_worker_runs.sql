create function app_jobs.register_worker(
  run uuid,
  worker_id text,
  lease_seconds double precision,
  tasks text[] default null,
  excluded text[] default '{}'
) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if worker_id is null then
    raise exception 'INVALID_WORKER_ID' using
      errcode = 'null_value_not_allowed',
      detail = 'register_worker was called with a null worker_id.',
      hint = 'Pass the worker''s name, as in HOSTNAME.';
  end if;
  insert into app_jobs.workers (run, worker_id, lease_seconds, lease_until, tasks, excluded)
  values (
    register_worker.run,
    register_worker.worker_id,
    register_worker.lease_seconds,
    now() + make_interval(secs => register_worker.lease_seconds),
    register_worker.tasks,
    coalesce(register_worker.excluded, '{}')
  );
end;
$$;

comment on function app_jobs.register_worker(uuid, text, double precision, text[], text[]) is
  'Makes a new run of a worker known, with the lease that each beat renews, in seconds, and the tasks that it takes: those in tasks, or '
  'every one (null), but for those in excluded. Raises INVALID_WORKER_ID.';

revoke all on function app_jobs.register_worker(uuid, text, double precision, text[], text[]) from public;

create function app_jobs.beat_worker(run uuid) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  update app_jobs.workers as w
  set lease_until = now() + make_interval(secs => w.lease_seconds)
  where w.run = beat_worker.run and w.lease_until > now();
  return found;
end;
$$;

comment on function app_jobs.beat_worker(uuid) is
  'Renews the lease of a worker run and of all its jobs. Gives false when the lease had ended already: its jobs belong to '
  'others, and the worker has to register a new run.';

revoke all on function app_jobs.beat_worker(uuid) from public;

create function app_jobs.rest_worker(run uuid, seconds double precision) returns void
language sql
set search_path = pg_catalog, pg_temp
as $$
  update app_jobs.workers as w
  set sleeps_until = now() + make_interval(secs => rest_worker.seconds)
  where w.run = rest_worker.run;
$$;

comment on function app_jobs.rest_worker(uuid, double precision) is
  'Asks for notifications during the next so many seconds; null asks for none. Takes hold at commit: what was enqueued by '
  'transactions that began before is to be looked for.';

revoke all on function app_jobs.rest_worker(uuid, double precision) from public;

-- A call that its worker has given up may lie in the network and arrive later: by then there are jobs that it does not know of, and
-- that run. So calls are numbered, and the worker claims nothing until one has been answered.
create function app_jobs.release_strays(run uuid, known_job_ids bigint[], call_number bigint default null)
returns setof bigint
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
  held bigint[];
begin
  if call_number is not null then
    update app_jobs.workers as w
    set strays_call = call_number
    where w.run = release_strays.run and w.strays_call < call_number;
    if not found then
      return;
    end if;
  end if;

  held := array(
    select j.id
    from app_jobs.jobs as j
    where j.worker_run = release_strays.run
      and j.locked_at is not null
      and j.id <> all (known_job_ids)
    for update skip locked
  );
  perform app_jobs.record_attempts(array(
    select app_jobs.ended_attempt(j, 'released', 'Its worker stopped, or lost the claim''s answer, and gave it back.')
    from app_jobs.jobs as j
    where j.id = any (held)
  ));

  return query
  update app_jobs.jobs as j
  set attempts = greatest(j.attempts - 1, 0),
    locked_at = null,
    locked_by = null,
    lease_token = null,
    worker_run = null,
    has_history = true,
    updated_at = now()
  where j.id = any (held)
  returning j.id;

  if found then
    perform app_jobs.wake_workers('-infinity');
  end if;
end;
$$;

comment on function app_jobs.release_strays(uuid, bigint[], bigint) is
  'Gives back, with their attempts, the jobs of a worker run that the worker does not know of, and gives their ids: claimed by '
  'a statement whose answer was lost with the connection, they would stay leased as long as the worker lives. Leaves out what '
  'is in other hands at this moment. Does nothing where a call with this call_number, or a higher one, was before it.';

revoke all on function app_jobs.release_strays(uuid, bigint[], bigint) from public;

create function app_jobs.release_worker(run uuid) returns setof bigint
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
begin
  -- A claim of this run that is under way ends first; a later one finds no row (claim_jobs).
  perform
  from app_jobs.workers as w
  where w.run = release_worker.run
  for update;

  return query
  select app_jobs.release_strays(release_worker.run, '{}');

  -- A job in other hands, as of a transaction that takes its key, is not waited for: rescue_jobs takes it back.
  if exists (
    select
    from app_jobs.jobs as j
    where j.worker_run = release_worker.run and j.locked_at is not null
  ) then
    update app_jobs.workers as w
    set lease_until = now(), sleeps_until = null
    where w.run = release_worker.run;
  else
    delete from app_jobs.workers as w
    where w.run = release_worker.run;
  end if;
end;
$$;

comment on function app_jobs.release_worker(uuid) is
  'Ends a worker run: gives back its jobs with their attempts, and gives their ids; what is in other hands is left to rescue_jobs. '
  'Safe to call twice.';

revoke all on function app_jobs.release_worker(uuid) from public;
