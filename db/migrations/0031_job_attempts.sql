-- What became of each attempt that did not simply complete. A job that completes at its first attempt has no row here and pays
-- nothing: whoever ends a lease otherwise records it in the same transaction, by the batch, and marks the job (has_history), and
-- only a marked job has anything to clear when it completes.
--
-- Bounded: what uses up no attempt and happens again (the function is out of reach, a worker stops) only counts up the latest
-- row, and a job keeps its latest hundred rows.
create table app_jobs.job_attempts (
  job_id bigint not null,
  id bigint generated always as identity,
  attempt integer not null,
  tries integer not null,
  began_at timestamptz,
  ended_at timestamptz not null,
  worker_id text,
  outcome text not null,
  http_status integer,
  error text,
  constraint job_attempts_pkey primary key (job_id, id),
  constraint job_attempts_outcome_known check (
    outcome in ('retry', 'dead', 'unreachable', 'lost', 'overdue', 'released', 'cancelled', 'operator')
  )
);

comment on table app_jobs.job_attempts is
  'Attempts of jobs that wait, run or are dead, but for the running one: the latest hundred of each job. They go when the job '
  'completes (with it into completed_jobs, where such are kept) or is discarded.';
comment on column app_jobs.job_attempts.job_id is 'Job that was attempted.';
comment on column app_jobs.job_attempts.id is 'Order of the attempts.';
comment on column app_jobs.job_attempts.attempt is
  'Number of the attempt, as the function was told; it begins again at 1 when a dead job is retried, and repeats when an attempt is given back.';
comment on column app_jobs.job_attempts.tries is 'How often in a row this attempt came to the same: more than 1 for unreachable and released alone.';
comment on column app_jobs.job_attempts.began_at is
  'When the request began, or else the lease; of the first where tries are several. Null where no attempt was under way.';
comment on column app_jobs.job_attempts.ended_at is 'When the answer was there, or the lease was over; of the latest where tries are several.';
comment on column app_jobs.job_attempts.worker_id is 'Worker that had the lease.';
comment on column app_jobs.job_attempts.outcome is
  'retry (failed), dead (failed for good), unreachable (never reached), lost (its worker stopped), overdue (202, and no callback in time), '
  'released (given back by its worker), cancelled (while it ran) or operator (ended by hand, without an attempt).';
comment on column app_jobs.job_attempts.http_status is 'Status of the function''s answer, where there was one.';
comment on column app_jobs.job_attempts.error is 'Why, for a person; at most 2000 characters.';

-- The bodies of these three are read when they are made, as that of lease_end, so that the planner can put the row in the call's
-- place, and reads no more of a job than goes into it: a payload may be long.
create function app_jobs.ended_attempt(
  job app_jobs.jobs,
  outcome text,
  error text,
  http_status integer default null,
  began_seconds_ago double precision default null,
  ended_seconds_ago double precision default null
) returns app_jobs.job_attempts
language sql
volatile
return row (
  job.id,
  null,
  job.attempts,
  1,
  greatest(job.locked_at, clock_timestamp() - make_interval(secs => began_seconds_ago)),
  greatest(job.locked_at, clock_timestamp() - make_interval(secs => coalesce(ended_seconds_ago, 0))),
  job.locked_by,
  outcome,
  http_status,
  left(error, 2000)
)::app_jobs.job_attempts;

comment on function app_jobs.ended_attempt(app_jobs.jobs, text, text, integer, double precision, double precision) is
  'Gives the running attempt of a leased job as record_attempts takes it. Seconds ago are by the worker''s clock; null means the '
  'lease''s beginning, and now.';

revoke all on function app_jobs.ended_attempt(app_jobs.jobs, text, text, integer, double precision, double precision) from public;

create function app_jobs.lost_attempt(job app_jobs.jobs) returns app_jobs.job_attempts
language sql
volatile
return app_jobs.ended_attempt(
  job,
  case when job.worker_run is null and job.accepted_at is not null then 'overdue' else 'lost' end,
  case
    when job.worker_run is not null then format('Worker "%s" stopped without an answer: its lease ended.', job.locked_by)
    when job.accepted_at is null then format('Worker "%s" gave no outcome within its lease.', job.locked_by)
    else 'The function answered 202 and sent no outcome to the callback URL in time.'
  end
);

comment on function app_jobs.lost_attempt(app_jobs.jobs) is
  'Gives the running attempt of a job whose lease has ended without an outcome, with the reason, as record_attempts takes it.';

revoke all on function app_jobs.lost_attempt(app_jobs.jobs) from public;

create function app_jobs.operator_attempt(job app_jobs.jobs, error text) returns app_jobs.job_attempts
language sql
volatile
return row (
  job.id, null, job.attempts, 1, null, clock_timestamp(), null, 'operator', null, left(error, 2000)
)::app_jobs.job_attempts;

comment on function app_jobs.operator_attempt(app_jobs.jobs, text) is
  'Gives the end that an operator made to a job, as record_attempts takes it.';

revoke all on function app_jobs.operator_attempt(app_jobs.jobs, text) from public;

-- By place (ctid), which holds as long as the jobs are locked: by key, a plan made while the table was small would go from its rows
-- to those that have ended.
create function app_jobs.record_attempts(ended app_jobs.job_attempts[]) returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
as $$
begin
  if coalesce(cardinality(ended), 0) = 0 then
    return 0;
  end if;

  with attempt as (
    select e.*, latest.place as again
    from unnest(ended) with ordinality as e (
      job_id, id, attempt, tries, began_at, ended_at, worker_id, outcome, http_status, error, n
    )
    left join lateral (
      select a.ctid as place, a.attempt, a.outcome
      from app_jobs.job_attempts as a
      where a.job_id = e.job_id and e.outcome in ('unreachable', 'released')
      order by a.id desc
      limit 1
    ) as latest on (latest.attempt, latest.outcome) = (e.attempt, e.outcome)
  ),
  repeated as (
    update app_jobs.job_attempts as a
    set tries = a.tries + 1,
      ended_at = attempt.ended_at,
      worker_id = attempt.worker_id,
      http_status = attempt.http_status,
      error = attempt.error
    from attempt
    where a.ctid = attempt.again
  )
  insert into app_jobs.job_attempts (
    job_id, attempt, tries, began_at, ended_at, worker_id, outcome, http_status, error
  )
  select
    attempt.job_id,
    attempt.attempt,
    attempt.tries,
    attempt.began_at,
    attempt.ended_at,
    attempt.worker_id,
    attempt.outcome,
    attempt.http_status,
    attempt.error
  from attempt
  where attempt.again is null
  order by attempt.n;

  delete from app_jobs.job_attempts as a
  using unnest(ended) as e
  cross join lateral (
    select old.ctid as place
    from app_jobs.job_attempts as old
    where old.job_id = e.job_id
    order by old.id desc
    offset 100
  ) as surplus
  where a.ctid = surplus.place;

  return cardinality(ended);
end;
$$;

comment on function app_jobs.record_attempts(app_jobs.job_attempts[]) is
  'Records attempts that have ended, of jobs that the caller has locked and marks with has_history, and gives their number.';

revoke all on function app_jobs.record_attempts(app_jobs.job_attempts[]) from public;

create function app_jobs.tg_dead_job_left() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
begin
  if tg_relid <> 'app_jobs.dead_jobs'::regclass then
    perform app_jobs.refuse_table(tg_relid);
  end if;
  delete from app_jobs.job_attempts as a
  where a.job_id = old.id
    and not exists (
      select
      from app_jobs.jobs as j
      where j.id = old.id
    );
  return null;
end;
$$;

comment on function app_jobs.tg_dead_job_left() is
  'After a dead job was deleted, by whatever statement: removes its history, unless it is back in jobs. See also tg_job_left.';

revoke all on function app_jobs.tg_dead_job_left() from public;

create trigger dead_job_left
after delete on app_jobs.dead_jobs
for each row
when (old.has_history)
execute function app_jobs.tg_dead_job_left();

comment on trigger dead_job_left on app_jobs.dead_jobs is 'Removes the history of a dead job that was discarded.';

create function app_jobs.tg_dead_jobs_truncated() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_relid <> 'app_jobs.dead_jobs'::regclass then
    perform app_jobs.refuse_table(tg_relid);
  end if;
  delete from app_jobs.job_attempts as a
  where not exists (
    select
    from app_jobs.jobs as j
    where j.id = a.job_id
  );
  return null;
end;
$$;

comment on function app_jobs.tg_dead_jobs_truncated() is 'After dead_jobs was truncated: removes its histories.';

revoke all on function app_jobs.tg_dead_jobs_truncated() from public;

create trigger dead_jobs_truncated
after truncate on app_jobs.dead_jobs
for each statement execute function app_jobs.tg_dead_jobs_truncated();

comment on trigger dead_jobs_truncated on app_jobs.dead_jobs is 'Removes the histories of truncated dead jobs.';
