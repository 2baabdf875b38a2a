create function app_jobs.release_jobs(worker_id text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  held bigint[];
begin
  if worker_id is null then
    raise exception 'INVALID_WORKER_ID' using
      errcode = 'null_value_not_allowed',
      detail = 'release_jobs was called with a null worker_id.',
      hint = 'Pass the worker_id that get_job was called with.';
  end if;
  held := array(
    select j.id
    from app_jobs.jobs as j
    where j.locked_by = release_jobs.worker_id
      and j.locked_at is not null
      and j.worker_run is null
      and j.accepted_at is null
    order by j.id
    for update
  );
  perform app_jobs.record_attempts(array(
    select app_jobs.ended_attempt(j, 'released', 'Its worker gave it back.')
    from app_jobs.jobs as j
    where j.id = any (held)
  ));

  update app_jobs.jobs as j
  set attempts = greatest(j.attempts - 1, 0),
    locked_at = null,
    locked_by = null,
    lease_token = null,
    lease_seconds = null,
    accepted_at = null,
    has_history = true,
    updated_at = now()
  where j.id = any (held);
  if found then
    perform app_jobs.wake_workers('-infinity');
  end if;
end;
$$;

comment on function app_jobs.release_jobs(text) is
  'Gives back the jobs that worker_id took by get_job, with their attempts. Jobs of a worker run that shares the name stay '
  'with it, and so does what its functions answered 202 to. Raises INVALID_WORKER_ID.';

revoke all on function app_jobs.release_jobs(text) from public;
