-- Completed jobs, where they are kept: by a service with JOBS_KEEP_COMPLETED, and by plain callers of complete_job and
-- complete_jobs where the setting jobs.keep_completed says so. Elsewhere nothing comes here, and a completion is as it ever was.
--
-- Partitions are days of the end, not of the completion: each row says until when it is kept, so that whoever keeps jobs longer
-- and whoever keeps them shorter do not quarrel, and a day that has passed can be dropped whatever the settings are.
--
-- No partition is the default one, since rows in it would stand in the way of their own partition. keep_jobs makes what is
-- missing, and services make it a day ahead. Where that fails, the job is completed all the same and not kept, with a warning:
-- an outcome is worth more than its record.
--
-- The columns are those of jobs, in their order; what is added to jobs is added here, before completed_at.
create table app_jobs.completed_jobs (
  like app_jobs.jobs including comments,
  completed_at timestamptz not null,
  duration_seconds double precision,
  history json,
  kept_until timestamptz not null,
  constraint completed_jobs_pkey primary key (id, kept_until)
) partition by range (kept_until);

comment on table app_jobs.completed_jobs is
  'Jobs that completed, as they were then, where they are kept. Partitioned by the day of their end: clearing drops partitions.';
comment on column app_jobs.completed_jobs.completed_at is 'When the job completed.';
comment on column app_jobs.completed_jobs.duration_seconds is
  'From the beginning of its last lease to its completion, in seconds; null where it was not leased then: by hand, or by a callback that came late.';
comment on column app_jobs.completed_jobs.history is 'What job_attempts had of it, as a JSON array of its rows, the oldest first; see job_history.';
comment on column app_jobs.completed_jobs.kept_until is 'It is dropped on the day after this time, in UTC.';

create function app_jobs.add_completed_partition(at timestamptz) returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '2s'
as $$
declare
  -- Any number will do that other users of advisory locks are unlikely to choose.
  partitions_lock constant bigint := 7723391403;
  day constant date := (at at time zone 'UTC')::date;
  name constant text := 'completed_jobs_' || to_char(day, 'YYYYMMDD');
begin
  if to_regclass(format('app_jobs.%I', name)) is not null then
    return;
  end if;
  -- A wait for an advisory lock leaves the session's cache of names as it was: here the catalogue itself is asked.
  perform pg_advisory_xact_lock(partitions_lock);
  perform
  from pg_class as c
  where c.relname = name and c.relnamespace = 'app_jobs'::regnamespace;
  if found then
    return;
  end if;

  -- Attaching lets others write and read meanwhile; "create table … partition of" would not.
  execute format('create table app_jobs.%I (like app_jobs.completed_jobs including defaults including constraints)', name);
  execute format(
    'alter table app_jobs.completed_jobs attach partition app_jobs.%I for values from (%L) to (%L)',
    name,
    day || ' 00:00:00+00',
    (day + 1) || ' 00:00:00+00'
  );
end;
$$;

comment on function app_jobs.add_completed_partition(timestamptz) is
  'Makes the partition of completed_jobs for the day of this time, in UTC, unless it is there. Runs with the owner''s rights.';

revoke all on function app_jobs.add_completed_partition(timestamptz) from public;

create function app_jobs.tidy_completed_jobs(keep_seconds double precision default null) returns integer
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '200ms'
as $$
declare
  partitions_lock constant bigint := 7723391403;
  today constant date := (now() at time zone 'UTC')::date;
  passed regclass;
  dropped integer := 0;
begin
  -- Neither what cannot be made nor what cannot be dropped keeps the rest from it.
  if keep_seconds is not null then
    begin
      perform app_jobs.add_completed_partition(now() + make_interval(secs => keep_seconds));
      perform app_jobs.add_completed_partition(now() + make_interval(secs => keep_seconds) + interval '1 day');
    exception
      when others then
        raise warning 'COMPLETED_PARTITION_NOT_MADE' using
          errcode = sqlstate,
          detail = format('The partition for what completes now or tomorrow could not be made: %s', sqlerrm),
          hint = 'It is tried again with each job that completes.';
    end;
  end if;

  for passed in
    select c.oid::regclass
    from pg_inherits as i
    inner join pg_class as c on c.oid = i.inhrelid
    where i.inhparent = 'app_jobs.completed_jobs'::regclass
      and case when c.relname ~ '^completed_jobs_[0-9]{8}$' then to_date(right(c.relname, 8), 'YYYYMMDD') end < today
    order by c.relname
  loop
    exit when not pg_try_advisory_xact_lock(partitions_lock);
    -- A drop keeps writers out while it waits for readers: it waits a moment alone, and the next call tries again.
    begin
      execute format('drop table %s', passed);
      dropped := dropped + 1;
    exception
      when lock_not_available then
        exit;
      when others then
        raise warning 'COMPLETED_JOBS_NOT_DROPPED' using
          errcode = sqlstate,
          detail = format('%s is kept: %s', passed, sqlerrm),
          hint = 'Drop what depends on it, or the partition itself.';
    end;
  end loop;
  return dropped;
end;
$$;

comment on function app_jobs.tidy_completed_jobs(double precision) is
  'Drops the partitions of completed_jobs whose day has passed, and gives their number; and makes those of the next day ahead for '
  'who keeps jobs for keep_seconds. Workers call it every few minutes, any number of them. Runs with the owner''s rights.';

revoke all on function app_jobs.tidy_completed_jobs(double precision) from public;

create function app_jobs.copy_completed_jobs(job_ids bigint[], ending timestamptz) returns void
language sql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
  insert into app_jobs.completed_jobs
  select
    j.*,
    now(),
    extract(epoch from now() - j.locked_at),
    case
      when j.has_history then (
        select json_agg(a order by a.id)
        from app_jobs.job_attempts as a
        where a.job_id = j.id
      )
    end,
    ending
  from app_jobs.jobs as j
  where j.id = any (job_ids);
$$;

comment on function app_jobs.copy_completed_jobs(bigint[], timestamptz) is 'Copies jobs into completed_jobs, where they are kept until ending.';

revoke all on function app_jobs.copy_completed_jobs(bigint[], timestamptz) from public;

-- Where they cannot be kept together, each is tried alone.
create function app_jobs.keep_jobs(job_ids bigint[], keep_seconds double precision default null) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  seconds double precision;
  ending timestamptz;
  lost integer := 0;
  state text;
  fault text;
begin
  seconds := coalesce(
    keep_seconds,
    extract(epoch from nullif(current_setting('jobs.keep_completed', true), '')::interval)
  );
  if seconds is null or seconds <= 0 then
    return;
  end if;
  ending := now() + make_interval(secs => seconds);
  perform app_jobs.add_completed_partition(ending);

  begin
    perform app_jobs.copy_completed_jobs(job_ids, ending);
    return;
  exception
    when others then
      state := sqlstate;
      fault := sqlerrm;
  end;
  for n in 1..cardinality(job_ids) loop
    begin
      perform app_jobs.copy_completed_jobs(job_ids[n:n], ending);
    exception
      when others then
        lost := lost + 1;
        state := sqlstate;
        fault := sqlerrm;
    end;
  end loop;
  if lost > 0 then
    perform app_jobs.warn_not_kept(lost, state, fault);
  end if;
exception
  when others then
    perform app_jobs.warn_not_kept(cardinality(job_ids), sqlstate, sqlerrm);
end;
$$;

comment on function app_jobs.keep_jobs(bigint[], double precision) is
  'Copies jobs that the caller has locked and is about to complete into completed_jobs, for keep_seconds, or where that is null '
  'for the interval in the setting jobs.keep_completed, if any. Raises nothing: what cannot be kept is a warning.';

revoke all on function app_jobs.keep_jobs(bigint[], double precision) from public;

create function app_jobs.warn_not_kept(lost integer, state text, fault text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  raise warning 'COMPLETED_JOBS_NOT_KEPT' using
    errcode = state,
    detail = format('%s jobs were completed and not kept: %s', lost, fault),
    hint = 'See docs/roles.md for the rights that keeping needs; jobs.keep_completed is an interval such as 7 days.';
end;
$$;

comment on function app_jobs.warn_not_kept(integer, text, text) is 'Warns that completed jobs were not kept, and why.';

revoke all on function app_jobs.warn_not_kept(integer, text, text) from public;

create function app_jobs.keep_leases(job_ids bigint[], lease_tokens uuid[], keep_seconds double precision)
returns setof bigint
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set lock_timeout = '200ms'
as $$
declare
  held bigint[];
begin
  held := array(
    select j.id
    from app_jobs.jobs as j
    where j.id = any (job_ids)
      and ((j.id, j.lease_token) in (select * from unnest(job_ids, lease_tokens))) is true
      and j.locked_at is not null
    order by j.id
    for update skip locked
  );
  perform app_jobs.keep_jobs(held, keep_seconds);
  return query
  delete from app_jobs.jobs as j
  where j.id = any (held)
  returning j.id;
end;
$$;

comment on function app_jobs.keep_leases(bigint[], uuid[], double precision) is
  'Completes jobs as complete_leases does, and keeps them in completed_jobs for so many seconds.';

revoke all on function app_jobs.keep_leases(bigint[], uuid[], double precision) from public;

create function app_jobs.job_history(job_id bigint) returns setof app_jobs.job_attempts
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select *
  from (
    select a.*
    from app_jobs.job_attempts as a
    where a.job_id = job_history.job_id
    union all
    select a.*
    from app_jobs.completed_jobs as c
    cross join lateral json_populate_recordset(null::app_jobs.job_attempts, c.history) as a
    where c.id = job_history.job_id
  ) as attempt
  order by attempt.id;
$$;

comment on function app_jobs.job_history(bigint) is
  'Gives the recorded attempts of a job that waits, runs, is dead, or has completed and is kept, the oldest first.';

revoke all on function app_jobs.job_history(bigint) from public;
