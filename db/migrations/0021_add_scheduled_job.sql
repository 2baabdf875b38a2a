-- A stored text is compressed, so that its size in the row tells at once of most that are too long, and those that are left are read in
-- a moment.
create function app_jobs.schedule_fault(schedule_info json) returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select case
    when pg_column_size(schedule_info) > 16400 or octet_length(schedule_info::text) > 16384
      then 'is longer than the 16384 bytes that are read'
  end;
$$;

comment on function app_jobs.schedule_fault(json) is
  'What makes a schedule_info one that no scheduler reads, as a clause that follows its name: its length. Null where nothing does.';

revoke all on function app_jobs.schedule_fault(json) from public;

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
  fault text;
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
  fault := app_jobs.job_fault(identifier, add_scheduled_job.queue_name, job_key, add_scheduled_job.max_attempts);
  if fault is not null then
    perform app_jobs.refuse_job(format('add_scheduled_job was called with %s.', fault));
  end if;
  fault := app_jobs.schedule_fault(add_scheduled_job.schedule_info);
  if fault is not null then
    perform app_jobs.refuse_job(format('add_scheduled_job was called with a schedule_info that %s.', fault));
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
  'argument means its default. Raises INVALID_DATABASE_ID, INVALID_TASK_IDENTIFIER and, for what is out of range or a schedule_info of '
  'more than 16384 bytes, INVALID_JOB; a rule '
  'that cannot be read is reported in the row''s schedule_error by the scheduler.';

revoke all on function app_jobs.add_scheduled_job(uuid, text, json, json, text, text, integer, integer) from public;

create function app_jobs.tg_schedules_changed() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_relid <> 'app_jobs.scheduled_jobs'::regclass then
    perform app_jobs.refuse_table(tg_relid);
  end if;
  perform app_jobs.notify('scheduled_jobs:insert');
  return null;
end;
$$;

comment on function app_jobs.tg_schedules_changed() is 'Wakes the schedulers, once a statement.';

revoke all on function app_jobs.tg_schedules_changed() from public;

create trigger schedules_inserted
after insert on app_jobs.scheduled_jobs
for each statement execute function app_jobs.tg_schedules_changed();

comment on trigger schedules_inserted on app_jobs.scheduled_jobs is 'Wakes the schedulers for new schedules.';

-- A changed rule counts from the change on, a resumed schedule from its resumption on. A schedule that is over stays so.
create function app_jobs.tg_schedule_changed() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  has_new_rule boolean;
begin
  if tg_relid <> 'app_jobs.scheduled_jobs'::regclass then
    perform app_jobs.refuse_table(tg_relid);
  end if;
  has_new_rule := old.schedule_info::text is distinct from new.schedule_info::text;
  if has_new_rule or new.next_tick is distinct from 'infinity' then
    new.next_tick := null;
    new.ticked_until := greatest(old.ticked_until, now());
  end if;
  if has_new_rule then
    new.schedule_error := null;
  end if;
  perform app_jobs.notify('scheduled_jobs:insert');
  return new;
end;
$$;

comment on function app_jobs.tg_schedule_changed() is
  'Makes the schedulers read a changed rule, or a resumed schedule''s rule, anew. A key''s replacement counts as a change '
  'only where the rule differs.';

revoke all on function app_jobs.tg_schedule_changed() from public;

create trigger schedule_changed
before update of schedule_info, paused_at on app_jobs.scheduled_jobs
for each row
when (
  old.schedule_info::text is distinct from new.schedule_info::text
  or (old.paused_at is not null and new.paused_at is null)
)
execute function app_jobs.tg_schedule_changed();

comment on trigger schedule_changed on app_jobs.scheduled_jobs is
  'Wakes the schedulers for a changed rule and for a resumed schedule.';

create function app_jobs.pause_scheduled_jobs(ids bigint[] default null) returns setof app_jobs.scheduled_jobs
language sql
set search_path = pg_catalog, pg_temp
as $$
  update app_jobs.scheduled_jobs as s
  set paused_at = now(), updated_at = now()
  where s.id = any (array(
    select held.id
    from app_jobs.scheduled_jobs as held
    where held.paused_at is null
      and (pause_scheduled_jobs.ids is null or held.id = any (pause_scheduled_jobs.ids))
    order by held.id
    for update
  ))
  returning s.*;
$$;

comment on function app_jobs.pause_scheduled_jobs(bigint[]) is
  'Pauses the schedules in ids, or all that there are (null), and gives those that were not paused yet. From its commit on '
  'their ticks make no job. Jobs that are there stay, and run_scheduled_job still works.';

revoke all on function app_jobs.pause_scheduled_jobs(bigint[]) from public;

create function app_jobs.resume_scheduled_jobs(ids bigint[] default null) returns setof app_jobs.scheduled_jobs
language sql
set search_path = pg_catalog, pg_temp
as $$
  update app_jobs.scheduled_jobs as s
  set paused_at = null, updated_at = now()
  where s.id = any (array(
    select held.id
    from app_jobs.scheduled_jobs as held
    where held.paused_at is not null
      and (resume_scheduled_jobs.ids is null or held.id = any (resume_scheduled_jobs.ids))
    order by held.id
    for update
  ))
  returning s.*;
$$;

comment on function app_jobs.resume_scheduled_jobs(bigint[]) is
  'Resumes the schedules in ids, or all that are paused (null), and gives those. They go on with the first tick from now on; '
  'ticks of the pause are not made up for.';

revoke all on function app_jobs.resume_scheduled_jobs(bigint[]) from public;
