create function app_jobs.add_scheduled_job(
  db_id uuid,
  identifier text,
  payload json default '{}',
  schedule_info json default '{}',
  job_key text default null,
  queue_name text default null,
  max_attempts integer default 25,
  priority integer default 0
) returns app_jobs.scheduled_jobs
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  schedule app_jobs.scheduled_jobs;
begin
  if db_id is null then
    raise exception 'INVALID_DATABASE_ID' using
      errcode = 'null_value_not_allowed',
      detail = 'add_scheduled_job was called with a null db_id.',
      hint = 'Pass the id of the tenant that the jobs belong to.';
  end if;
  if identifier is null or identifier = '' then
    raise exception 'INVALID_TASK_IDENTIFIER' using
      errcode = 'null_value_not_allowed',
      detail = 'add_scheduled_job was called without a task identifier.',
      hint = 'Pass the name of the function that runs the jobs, such as send-email-link.';
  end if;

  insert into app_jobs.scheduled_jobs (
    database_id, task_identifier, payload, schedule_info, key, queue_name, max_attempts, priority
  )
  values (
    db_id,
    identifier,
    coalesce(add_scheduled_job.payload, '{}'),
    coalesce(add_scheduled_job.schedule_info, '{}'),
    job_key,
    add_scheduled_job.queue_name,
    coalesce(add_scheduled_job.max_attempts, 25),
    coalesce(add_scheduled_job.priority, 0)
  )
  on conflict (database_id, key) where key is not null do update
  set task_identifier = excluded.task_identifier,
    payload = excluded.payload,
    schedule_info = excluded.schedule_info,
    queue_name = excluded.queue_name,
    max_attempts = excluded.max_attempts,
    priority = excluded.priority,
    locked_at = null,
    locked_by = null,
    updated_at = now()
  returning * into schedule;
  return schedule;
end;
$$;

comment on function app_jobs.add_scheduled_job(uuid, text, json, json, text, text, integer, integer) is
  'Adds a schedule and gives its row. With job_key, replaces the schedule that has this key in this database_id. A null '
  'argument means its default. Raises INVALID_DATABASE_ID and INVALID_TASK_IDENTIFIER; a rule that cannot be read is '
  'reported in the row''s schedule_error by the scheduler.';

revoke all on function app_jobs.add_scheduled_job(uuid, text, json, json, text, text, integer, integer) from public;

create function app_jobs.tg_schedules_changed() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_notify('scheduled_jobs:insert', '');
  return null;
end;
$$;

comment on function app_jobs.tg_schedules_changed() is 'Wakes the schedulers, once a statement.';

revoke all on function app_jobs.tg_schedules_changed() from public;

create trigger schedules_inserted
after insert on app_jobs.scheduled_jobs
for each statement execute function app_jobs.tg_schedules_changed();

comment on trigger schedules_inserted on app_jobs.scheduled_jobs is 'Wakes the schedulers for new schedules.';

create function app_jobs.tg_schedule_info_changed() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  new.next_tick := null;
  new.schedule_error := null;
  perform pg_notify('scheduled_jobs:insert', '');
  return new;
end;
$$;

comment on function app_jobs.tg_schedule_info_changed() is
  'Makes the schedulers read a changed rule anew. A key''s replacement counts as a change only where the rule differs.';

revoke all on function app_jobs.tg_schedule_info_changed() from public;

create trigger schedule_info_changed
before update of schedule_info on app_jobs.scheduled_jobs
for each row
when (old.schedule_info::text is distinct from new.schedule_info::text)
execute function app_jobs.tg_schedule_info_changed();

comment on trigger schedule_info_changed on app_jobs.scheduled_jobs is 'Wakes the schedulers for a changed rule.';
