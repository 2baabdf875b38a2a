create function app_jobs.get_scheduled_job(worker_id text, task_identifiers text[] default null)
returns app_jobs.scheduled_jobs
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  schedule app_jobs.scheduled_jobs;
begin
  if worker_id is null then
    raise exception 'INVALID_WORKER_ID' using
      errcode = 'null_value_not_allowed',
      detail = 'get_scheduled_job was called with a null worker_id.',
      hint = 'Pass a name that is this scheduler''s own.';
  end if;
  update app_jobs.scheduled_jobs as s
  set locked_at = now(), locked_by = get_scheduled_job.worker_id, updated_at = now()
  where s.id = (
    select candidate.id
    from app_jobs.scheduled_jobs as candidate
    where (candidate.locked_at is null or candidate.locked_at < now() - interval '1 hour')
      and candidate.paused_at is null
      and (
        get_scheduled_job.task_identifiers is null
        or candidate.task_identifier = any (get_scheduled_job.task_identifiers)
      )
    order by candidate.priority, candidate.id
    limit 1
    for update skip locked
  )
  returning * into schedule;
  return schedule;
end;
$$;

comment on function app_jobs.get_scheduled_job(text, text[]) is
  'Claims a schedule for an hour, for schedulers that keep their timers in memory; our own does without. Gives a row of nulls '
  'when all are claimed or paused. Raises INVALID_WORKER_ID.';

revoke all on function app_jobs.get_scheduled_job(text, text[]) from public;

create function app_jobs.release_scheduled_jobs(worker_id text, ids bigint[] default null) returns void
language sql
set search_path = pg_catalog, pg_temp
as $$
  update app_jobs.scheduled_jobs as s
  set locked_at = null, locked_by = null, updated_at = now()
  where s.locked_by = release_scheduled_jobs.worker_id
    and (release_scheduled_jobs.ids is null or s.id = any (release_scheduled_jobs.ids));
$$;

comment on function app_jobs.release_scheduled_jobs(text, bigint[]) is
  'Gives back the schedules that worker_id has claimed, or those of them in ids.';

revoke all on function app_jobs.release_scheduled_jobs(text, bigint[]) from public;

-- Whether the policy of a schedule holds its ticks back now. A job that is dead, or has completed, holds back nothing.
create function app_jobs.is_schedule_busy(schedule app_jobs.scheduled_jobs, job_expiry interval) returns boolean
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select schedule.schedule_info ->> 'overlap' is distinct from 'allow'
    and exists (
      select
      from app_jobs.jobs as j
      where j.id = schedule.last_scheduled_id
        -- Under its key another job may have taken its place.
        and j.schedule_id = schedule.id
        and (
          j.locked_at > now() - coalesce(job_expiry, interval '1 hour')
          or (j.locked_at is not null and not app_jobs.is_free(j))
          or (j.locked_at is null and j.attempts < j.max_attempts)
        )
    );
$$;

comment on function app_jobs.is_schedule_busy(app_jobs.scheduled_jobs, interval) is
  'Whether the schedule''s last job still waits, runs under a lease, or was taken less than job_expiry (1 hour) ago, and its '
  'jobs may not overlap.';

revoke all on function app_jobs.is_schedule_busy(app_jobs.scheduled_jobs, interval) from public;

-- Jobs that may overlap carry no key: under one key each would replace the one before it, and its tick were lost.
create function app_jobs.make_scheduled_job(
  schedule app_jobs.scheduled_jobs,
  tick timestamptz,
  run_at timestamptz
) returns app_jobs.jobs
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  job_key text := case when schedule.schedule_info ->> 'overlap' is distinct from 'allow' then schedule.key end;
  tick_field text := schedule.schedule_info ->> 'scheduledAtField';
  payload json := schedule.payload;
  job app_jobs.jobs;
begin
  if job_key is not null then
    -- The last job may still be there, its lease over but not taken back: it gives up its key, and is not superseded.
    update app_jobs.jobs as j
    set key = null, updated_at = now()
    where j.id = schedule.last_scheduled_id and j.schedule_id = schedule.id and j.key is not null;
  end if;
  -- By its text, which keeps the payload as it is: jsonb holds no NUL, and a tick of such a schedule would never run. Of two fields of
  -- one name readers take the last.
  if tick_field is not null and json_typeof(payload) = 'object' then
    payload := format(
      '%s%s%s:"%s"}',
      left(rtrim(payload::text, E' \t\n\r'), -1),
      case when payload::text ~ '^\s*\{\s*\}\s*$' then '' else ',' end,
      to_json(tick_field),
      to_char(tick at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
    );
  end if;

  job := app_jobs.add_job(
    schedule.database_id,
    schedule.task_identifier,
    payload,
    job_key,
    schedule.queue_name,
    make_scheduled_job.run_at,
    schedule.max_attempts,
    schedule.priority
  );
  update app_jobs.jobs as j
  set schedule_id = schedule.id, scheduled_at = tick
  where j.id = job.id
  returning * into job;
  return job;
end;
$$;

comment on function app_jobs.make_scheduled_job(app_jobs.scheduled_jobs, timestamptz, timestamptz) is
  'Enqueues the job of a schedule that stands for tick and gives its row. The schedule''s own row is the caller''s to update.';

revoke all on function app_jobs.make_scheduled_job(app_jobs.scheduled_jobs, timestamptz, timestamptz) from public;

create function app_jobs.run_scheduled_job(id bigint, job_expiry interval default '1 hours') returns app_jobs.jobs
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  schedule app_jobs.scheduled_jobs;
  job app_jobs.jobs;
begin
  select *
  into schedule
  from app_jobs.scheduled_jobs as s
  where s.id = run_scheduled_job.id
  for update;
  if not found then
    raise exception 'SCHEDULE_NOT_FOUND' using
      errcode = 'no_data_found',
      detail = format('There is no schedule with id %s.', run_scheduled_job.id),
      hint = 'It may have been removed. List the schedules in scheduled_jobs.';
  end if;
  if app_jobs.is_schedule_busy(schedule, job_expiry) then
    raise exception 'ALREADY_SCHEDULED' using
      errcode = 'object_in_use',
      detail = format('Job %s of schedule %s is still waiting or running.', schedule.last_scheduled_id, schedule.id),
      hint = 'Wait until it has ended; the tick after that makes a job again.';
  end if;

  job := app_jobs.make_scheduled_job(schedule, now(), now());
  update app_jobs.scheduled_jobs as s
  set last_scheduled = now(), last_scheduled_id = job.id, updated_at = now()
  where s.id = schedule.id;
  return job;
end;
$$;

comment on function app_jobs.run_scheduled_job(bigint, interval) is
  'Makes a job of a schedule now and gives its row. Raises ALREADY_SCHEDULED while the last one waits, runs under a lease, or '
  'was taken less than job_expiry (1 hour) ago; a dead one does not hinder, nor does any where schedule_info allows overlap. '
  'Raises SCHEDULE_NOT_FOUND.';

revoke all on function app_jobs.run_scheduled_job(bigint, interval) from public;
