-- Plan relied on, whatever the statistics say: Index Scan using jobs_pkey on the ids, and the pairs as a hashed subplan. As a
-- join it would be planned while the table is small, from the jobs to the pairs, and would after a bulk insert read all of
-- them for each batch, until the next ANALYZE. No bitmap: rows are to be locked in the order of their ids, as by all who lock many,
-- so that no two batches wait for each other.
--
-- An application's transaction that takes the keys of running jobs (add_job) holds their rows as long as it stays open. No outcome
-- waits for it, here as in fail_leases, accept_leases and keep_leases: a row in other hands is passed over, and its lease still holds
-- (held_leases), so that whoever brings the outcome brings it again.
--
-- Locking each row before it is deleted would double the log that a completion writes (51 bytes more a job), so that is for the few
-- that somebody has locked or changed since their claim, whose own lock is what xmax else shows. One that is taken between the look and
-- the deletion lets the first way give up soon, and the second does it all.
create function app_jobs.complete_leases(job_ids bigint[], lease_tokens uuid[]) returns setof bigint
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set lock_timeout = '200ms'
as $$
declare
  taken bigint[] := '{}';
begin
  begin
    with gone as (
      delete from app_jobs.jobs as j
      where j.id = any (job_ids)
        and ((j.id, j.lease_token) in (select * from unnest(job_ids, lease_tokens))) is true
        and j.locked_at is not null
        and (j.xmax = '0' or j.xmax = j.xmin)
      returning j.id
    )
    select coalesce(array_agg(g.id), '{}')
    into taken
    from gone as g;
  exception
    when lock_not_available then
      null;
  end;
  return query
  select unnest(taken);

  if cardinality(taken) < cardinality(job_ids) then
    return query
    delete from app_jobs.jobs as j
    where j.id = any (array(
      select held.id
      from app_jobs.jobs as held
      where held.id = any (job_ids)
        and ((held.id, held.lease_token) in (select * from unnest(job_ids, lease_tokens))) is true
        and held.locked_at is not null
      order by held.id
      for update skip locked
    ))
    returning j.id;
  end if;
end;
$$;

comment on function app_jobs.complete_leases(bigint[], uuid[]) is
  'Completes jobs under their lease tokens, pairwise, and gives the ids that were taken. A pair whose lease has passed on '
  'changes nothing, nor does one whose job is in other hands at this moment: see held_leases.';

revoke all on function app_jobs.complete_leases(bigint[], uuid[]) from public;

create function app_jobs.held_leases(job_ids bigint[], lease_tokens uuid[]) returns setof bigint
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
  return query
  select j.id
  from app_jobs.jobs as j
  where j.id = any (job_ids)
    and ((j.id, j.lease_token) in (select * from unnest(job_ids, lease_tokens))) is true
    and j.locked_at is not null;
end;
$$;

comment on function app_jobs.held_leases(bigint[], uuid[]) is
  'Gives the jobs whose lease still holds, pairwise: of outcomes that were not taken, those that are to be brought again, since '
  'another transaction had the job in its hands. The others'' lease has passed on.';

revoke all on function app_jobs.held_leases(bigint[], uuid[]) from public;

create function app_jobs.complete_job(worker_id text, job_id bigint) returns app_jobs.jobs
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  job app_jobs.jobs;
begin
  if worker_id is null then
    raise exception 'INVALID_WORKER_ID' using
      errcode = 'null_value_not_allowed',
      detail = 'complete_job was called with a null worker_id.',
      hint = 'Pass the worker_id that get_job was called with.';
  end if;
  if current_setting('jobs.keep_completed', true) <> '' then
    perform app_jobs.keep_jobs(array(
      select j.id
      from app_jobs.jobs as j
      where j.id = complete_job.job_id
        and j.locked_by = complete_job.worker_id
        and j.locked_at is not null
        and j.worker_run is null
        and j.accepted_at is null
      for update
    ));
  end if;
  delete from app_jobs.jobs as j
  where j.id = complete_job.job_id
    and j.locked_by = complete_job.worker_id
    and j.locked_at is not null
    and j.worker_run is null
    and j.accepted_at is null
  returning * into job;

  -- The next job of its serial queue may be another worker's, which sleeps.
  if job.queue_name is not null then
    perform app_jobs.wake_workers('-infinity');
  end if;
  return job;
end;
$$;

comment on function app_jobs.complete_job(text, bigint) is
  'Completes a job that worker_id took by get_job, and gives its row. A job that is not leased by worker_id, or by a worker '
  'run that only shares the name, or whose function answered 202, stays as it is: a row of nulls. Raises INVALID_WORKER_ID. '
  'Kept in completed_jobs where the setting jobs.keep_completed is an interval.';

revoke all on function app_jobs.complete_job(text, bigint) from public;

-- Volatile, so that it sees what is committed when it is asked, not when the caller's statement began: a statement that
-- waited for a row's lock asks again, of the new row, whose worker may have registered meanwhile.
create function app_jobs.is_free(job app_jobs.jobs) returns boolean
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select job.locked_at is null
    or (
      job.worker_run is null
      and app_jobs.lease_end(job.locked_at, job.lease_seconds) < now()
    )
    or (
      job.worker_run is not null
      and not exists (
        select
        from app_jobs.workers as w
        where w.run = job.worker_run and w.lease_until > now()
      )
    );
$$;

comment on function app_jobs.is_free(app_jobs.jobs) is
  'Whether nobody has the job: it was never leased, was given back, or its lease has ended.';

revoke all on function app_jobs.is_free(app_jobs.jobs) from public;

create function app_jobs.complete_jobs(job_ids bigint[]) returns setof app_jobs.jobs
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
  revived bigint[];
  held bigint[];
begin
  revived := array(select back.id from app_jobs.retry_dead_jobs(job_ids) as back);
  -- Chosen once, so that what is removed is what is kept.
  held := array(
    select j.id
    from app_jobs.jobs as j
    where j.id = any (job_ids || revived) and app_jobs.is_free(j)
    order by j.id
    for update
  );
  if current_setting('jobs.keep_completed', true) <> '' then
    perform app_jobs.keep_jobs(held);
  end if;
  return query
  delete from app_jobs.jobs as j
  where j.id = any (held)
  returning j.*;
end;
$$;

comment on function app_jobs.complete_jobs(bigint[]) is
  'Removes jobs, dead ones too, as if they were done, by an operator''s hand, and gives their rows. Jobs that are running stay. '
  'Kept in completed_jobs where the setting jobs.keep_completed is an interval.';

revoke all on function app_jobs.complete_jobs(bigint[]) from public;
