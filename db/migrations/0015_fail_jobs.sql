-- One way for each attempt that did not end well. kinds, pairwise with the jobs:
--   retry        a failed attempt: waits for backoff, or for delay_seconds where that is longer
--   dead         failed for good: no attempt is left
--   unreachable  the function was not reached: the attempt is given back, and the job waits for delay_seconds, else
--                for 1, 2, 4 … 64 seconds with jitter, and no less than one; after
--                unreachable_limit_seconds of that it is a retry, and so is each one after it, until an answer ends the series
-- The policy of the task comes before the defaults (task_policies). attempt_limit and backoff_of say the same of one job; here they
-- would make a failure cost five times as much.
--
-- Each of them is recorded in job_attempts, with what the worker knows of it: the status of the answer, and how long ago, in
-- seconds by the worker's clock, its request began and the answer came.
--
-- A job that no attempt is left for moves to dead_jobs in the same statement (job_died); its row is given all the same.
--
-- Rows are locked in the order of their ids, as by all who lock many, and those in other hands are passed over (complete_leases).
--
-- Planned anew each time: a plan made while the table is small would go from the jobs to the report, and would after a
-- bulk insert read all of them, until the next ANALYZE.
create function app_jobs.fail_leases(
  job_ids bigint[],
  lease_tokens uuid[],
  kinds text[],
  error_messages text[],
  delay_seconds double precision[],
  unreachable_limit_seconds double precision default 259200,
  http_statuses integer[] default null,
  began_seconds_ago double precision[] default null,
  ended_seconds_ago double precision[] default null
) returns setof app_jobs.jobs
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set plan_cache_mode = force_custom_plan
set lock_timeout = '200ms'
as $$
begin
  return query
  with report as (
    select distinct on (r.job_id, r.lease_token) r.*
    from unnest(
      job_ids, lease_tokens, kinds, error_messages, delay_seconds, http_statuses, began_seconds_ago, ended_seconds_ago
    ) as r (job_id, lease_token, kind, error_message, delay, http_status, began, ended)
  ),
  verdict as (
    select
      j.id,
      coalesce(r.error_message, 'The attempt failed without a message.') as error_message,
      r.delay,
      r.kind = 'unreachable' as is_unreachable,
      case when j.superseded then 'dead' else k.kind end as kind,
      app_jobs.ended_attempt(
        j,
        k.kind,
        coalesce(r.error_message, 'The attempt failed without a message.'),
        r.http_status,
        r.began,
        r.ended
      ) as attempt,
      case when j.attempts >= p.max_attempts then least(j.attempts, j.max_attempts) else j.max_attempts end as attempt_limit,
      p.task_identifier is not null as has_policy,
      p.backoff_base_seconds,
      p.backoff_factor,
      p.backoff_max_seconds
    from app_jobs.jobs as j
    inner join report as r on r.job_id = j.id and r.lease_token = j.lease_token
    left join app_jobs.task_policies as p on p.task_identifier = j.task_identifier
    cross join lateral (
      select
        case
          when r.kind = 'unreachable'
            and coalesce(j.unreachable_since, now())
              < now() - make_interval(secs => coalesce(p.unreachable_hours * 3600, unreachable_limit_seconds))
            then 'retry'
          else r.kind
        end as kind
    ) as k
    where j.locked_at is not null
    order by j.id
    for update of j skip locked
  ),
  recorded as (
    select app_jobs.record_attempts(array_agg(v.attempt))
    from verdict as v
  )
  update app_jobs.jobs as j
  set last_error = v.error_message,
    has_history = true,
    attempts = case v.kind
      when 'dead' then j.max_attempts
      when 'unreachable' then greatest(j.attempts - 1, 0)
      else j.attempts
    end,
    max_attempts = case v.kind when 'retry' then v.attempt_limit else j.max_attempts end,
    death = case
      when v.kind = 'dead' and not j.superseded then 'failed for good'
      when v.kind = 'retry' and v.attempt_limit < j.max_attempts then 'out of attempts'
    end,
    run_at = case v.kind
      when 'dead' then j.run_at
      when 'unreachable' then now() + make_interval(
        secs => coalesce(v.delay, greatest(1, power(2, least(j.unreachable_count, 6)) * (0.5 + 0.5 * random())))
      )
      else greatest(now(), j.run_at)
        + make_interval(
          secs => greatest(
            coalesce(v.delay, 0),
            case
              when v.has_policy
                then app_jobs.backoff_seconds(j.attempts, v.backoff_base_seconds, v.backoff_factor, v.backoff_max_seconds)
              else app_jobs.backoff_seconds(j.attempts)
            end
          )
        )
    end,
    unreachable_since = case when v.is_unreachable then coalesce(j.unreachable_since, now()) end,
    unreachable_count = case when v.is_unreachable then j.unreachable_count + (v.kind = 'unreachable')::integer else 0 end,
    locked_at = null,
    locked_by = null,
    worker_run = null,
    lease_seconds = null,
    accepted_at = null,
    updated_at = now()
  from verdict as v
  cross join recorded
  where j.id = v.id
  returning j.*;
end;
$$;

comment on function app_jobs.fail_leases(
  bigint[], uuid[], text[], text[], double precision[], double precision, integer[], double precision[], double precision[]
) is
  'Records failed attempts under their lease tokens, pairwise, and gives the rows of those that were taken (the others: see '
  'held_leases). kinds are retry, '
  'dead or unreachable; delay_seconds is the least wait before the next try, or null. http_statuses, began_seconds_ago and '
  'ended_seconds_ago are for job_attempts alone.';

revoke all on function app_jobs.fail_leases(
  bigint[], uuid[], text[], text[], double precision[], double precision, integer[], double precision[], double precision[]
) from public;

create function app_jobs.fail_job(worker_id text, job_id bigint, error_message text) returns app_jobs.jobs
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  job app_jobs.jobs;
begin
  if worker_id is null then
    raise exception 'INVALID_WORKER_ID' using
      errcode = 'null_value_not_allowed',
      detail = 'fail_job was called with a null worker_id.',
      hint = 'Pass the worker_id that get_job was called with.';
  end if;
  select failed.*
  into job
  from (
    select j.id, j.lease_token
    from app_jobs.jobs as j
    where j.id = fail_job.job_id
      and j.locked_by = fail_job.worker_id
      and j.locked_at is not null
      and j.worker_run is null
      and j.accepted_at is null
    for update
  ) as held
  cross join lateral app_jobs.fail_leases(
    array[held.id],
    array[held.lease_token],
    array['retry'],
    array[fail_job.error_message],
    array[null::double precision]
  ) as failed;

  -- Its next try, or the next job of its serial queue, may be another worker's, which sleeps.
  if job.id is not null then
    perform app_jobs.wake_workers(case when job.queue_name is null then job.run_at else '-infinity' end);
  end if;
  return job;
end;
$$;

comment on function app_jobs.fail_job(text, bigint, text) is
  'Records a failed attempt of a job that worker_id took by get_job: it waits for backoff, and moves to dead_jobs when no '
  'attempt is left. A job that is not leased by worker_id stays as it is: a row of nulls. Raises INVALID_WORKER_ID.';

revoke all on function app_jobs.fail_job(text, bigint, text) from public;

create function app_jobs.permanently_fail_jobs(job_ids bigint[], error_message text default null)
returns setof app_jobs.jobs
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
  message constant text := coalesce(permanently_fail_jobs.error_message, 'Failed for good by an operator.');
  held bigint[];
begin
  held := array(
    select j.id
    from app_jobs.jobs as j
    where j.id = any (job_ids) and app_jobs.is_free(j)
    order by j.id
    for update
  );
  perform app_jobs.record_attempts(
    array(select app_jobs.lost_attempt(j) from app_jobs.jobs as j where j.id = any (held) and j.locked_at is not null)
    || array(select app_jobs.operator_attempt(j, message) from app_jobs.jobs as j where j.id = any (held))
  );

  return query
  update app_jobs.jobs as j
  set last_error = message,
    has_history = true,
    attempts = j.max_attempts,
    death = 'by an operator',
    locked_at = null,
    locked_by = null,
    lease_token = null,
    worker_run = null,
    lease_seconds = null,
    accepted_at = null,
    updated_at = now()
  where j.id = any (held)
  returning j.*;
end;
$$;

comment on function app_jobs.permanently_fail_jobs(bigint[], text) is
  'Moves jobs to dead_jobs without running them, by an operator''s hand, and gives their rows. Jobs that are running stay.';

revoke all on function app_jobs.permanently_fail_jobs(bigint[], text) from public;
