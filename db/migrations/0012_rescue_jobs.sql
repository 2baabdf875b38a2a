-- Takes back what nobody keeps any more. Safe to call from everywhere at once: rows in other hands are skipped.
--
-- A worker that died: the attempt counts and the job is due at once, since its lease was the wait. A callback that
-- never came: a failed attempt like another, with backoff. The token goes, so that late reports are refused.
--
-- Between a rescue's look at a job and its lock on it, another rescue may have taken the job back and a live worker may have
-- claimed it. is_free asks again of the row as it is now; the "not exists" would not, since a recheck of a row keeps what
-- it was joined with.
create function app_jobs.rescue_jobs(row_limit integer default 1000) returns setof app_jobs.jobs
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  return query
  with of_dead_worker as (
    select j.id, format('Worker "%s" stopped without an answer: its lease ended.', j.locked_by) as reason
    from app_jobs.jobs as j
    where j.locked_at is not null
      and j.worker_run is not null
      and not exists (
        select
        from app_jobs.workers as w
        where w.run = j.worker_run and w.lease_until > now()
      )
    limit row_limit
    for update of j skip locked
  ),
  overdue as (
    select
      j.id,
      case
        when j.accepted_at is null then format('Worker "%s" gave no outcome within its lease.', j.locked_by)
        else 'The function answered 202 and sent no outcome to the callback URL in time.'
      end as reason
    from app_jobs.jobs as j
    where j.locked_at is not null
      and j.worker_run is null
      and app_jobs.lease_end(j.locked_at, j.lease_seconds) < now()
    limit row_limit
    for update of j skip locked
  ),
  lost as (
    select * from of_dead_worker
    union all
    select * from overdue
  )
  update app_jobs.jobs as j
  set last_error = lost.reason,
    run_at = case
      when j.accepted_at is null then j.run_at
      else now() + make_interval(secs => app_jobs.backoff_seconds(j.attempts))
    end,
    locked_at = null,
    locked_by = null,
    lease_token = null,
    worker_run = null,
    lease_seconds = null,
    accepted_at = null,
    updated_at = now()
  from lost
  where j.id = lost.id and app_jobs.is_free(j)
  returning j.*;

  delete from app_jobs.workers as w
  where w.lease_until <= now()
    and not exists (
      select
      from app_jobs.jobs as j
      where j.worker_run = w.run and j.locked_at is not null
    );
end;
$$;

comment on function app_jobs.rescue_jobs(integer) is
  'Takes back jobs whose lease has ended, at most row_limit of each kind, and gives their rows. The attempt counts; out of '
  'attempts they are dead. Every worker calls it every few seconds.';

revoke all on function app_jobs.rescue_jobs(integer) from public;
