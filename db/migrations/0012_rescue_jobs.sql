-- Takes back what nobody keeps any more. Safe to call from everywhere at once: rows in other hands are skipped.
--
-- A worker that died: the attempt counts and the job is due at once, since its lease was the wait. A callback that
-- never came: a failed attempt like another, with backoff. The token goes, so that late reports are refused.
--
-- It starts from the workers whose lease has ended, and while all are alive it looks at no job of theirs: the index of
-- leases keeps an entry for each job claimed since the oldest snapshot that a session anywhere holds. A job is therefore
-- never without its worker's row: a claim holds that row FOR KEY SHARE until it commits, and whoever removes it locks
-- it FOR UPDATE first and looks for jobs after.
create function app_jobs.rescue_jobs(row_limit integer default 1000) returns setof app_jobs.jobs
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
  ended uuid[];
  lost bigint[];
begin
  ended := array(
    select w.run
    from app_jobs.workers as w
    where w.lease_until <= now()
    for update skip locked
  );

  lost := array(
    select j.id
    from app_jobs.jobs as j
    where j.worker_run = any (ended) and j.locked_at is not null
    limit row_limit
    for update skip locked
  ) || array(
    select j.id
    from app_jobs.jobs as j
    where j.locked_at is not null
      and j.worker_run is null
      and app_jobs.lease_end(j.locked_at, j.lease_seconds) < now()
    limit row_limit
    for update skip locked
  );

  if cardinality(lost) > 0 then
    perform app_jobs.record_attempts(array(
      select app_jobs.lost_attempt(j)
      from app_jobs.jobs as j
      where j.id = any (lost)
    ));
    return query
    update app_jobs.jobs as j
    set last_error = (app_jobs.lost_attempt(j)).error,
      has_history = true,
      run_at = case
        when j.accepted_at is null then j.run_at
        else now() + make_interval(secs => app_jobs.backoff_of(j))
      end,
      max_attempts = app_jobs.attempt_limit(j),
      death = case when app_jobs.attempt_limit(j) < j.max_attempts then 'out of attempts' end,
      locked_at = null,
      locked_by = null,
      lease_token = null,
      worker_run = null,
      lease_seconds = null,
      accepted_at = null,
      updated_at = now()
    where j.id = any (lost)
    returning j.*;
    -- Who takes them back need not be who takes their tasks.
    perform app_jobs.wake_workers('-infinity');
  end if;

  if cardinality(ended) > 0 then
    delete from app_jobs.workers as w
    where w.run = any (ended)
      and (
        select true
        from app_jobs.jobs as j
        where j.worker_run = w.run and j.locked_at is not null
        limit 1
      ) is null;
  end if;
end;
$$;

comment on function app_jobs.rescue_jobs(integer) is
  'Takes back jobs whose lease has ended, at most row_limit of each kind, and gives their rows. The attempt counts; out of '
  'attempts they are dead. Every worker calls it every few seconds.';

revoke all on function app_jobs.rescue_jobs(integer) from public;
