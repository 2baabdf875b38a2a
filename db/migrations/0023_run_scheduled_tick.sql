-- A tick is (schedule, due time). Whoever finds next_tick still at the due time moves it on and enqueues the job in
-- one transaction; a second scheduler, or the same one after a crash, finds it moved. A schedule claimed by
-- get_scheduled_job is left to its claimer for that hour.
create function app_jobs.run_scheduled_tick(schedule_id bigint, tick timestamptz, following_tick timestamptz)
returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  job app_jobs.jobs;
begin
  update app_jobs.scheduled_jobs as s
  set next_tick = coalesce(following_tick, 'infinity'), updated_at = now()
  where s.id = (
    select due.id
    from app_jobs.scheduled_jobs as due
    where due.id = run_scheduled_tick.schedule_id
      and due.next_tick = run_scheduled_tick.tick
      and (due.locked_at is null or due.locked_at < now() - interval '1 hour')
    for update skip locked
  );
  if not found then
    return 'elsewhere';
  end if;

  begin
    job := app_jobs.run_scheduled_job(run_scheduled_tick.schedule_id);
  exception
    when object_in_use then
      update app_jobs.scheduled_jobs as s
      set skipped_ticks = s.skipped_ticks + 1
      where s.id = run_scheduled_tick.schedule_id;
      return 'skipped';
  end;
  update app_jobs.jobs as j
  set scheduled_at = run_scheduled_tick.tick
  where j.id = job.id;
  return 'run';
end;
$$;

comment on function app_jobs.run_scheduled_tick(bigint, timestamptz, timestamptz) is
  'Runs one tick of a schedule and sets the following one (null: none is left). Gives run, skipped while the previous job '
  'still waits or runs, or elsewhere when this tick is not, or no longer, there to be run.';

revoke all on function app_jobs.run_scheduled_tick(bigint, timestamptz, timestamptz) from public;

create function app_jobs.plan_schedule(schedule_id bigint, schedule_info json, first_tick timestamptz, fault text)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  update app_jobs.scheduled_jobs as s
  set next_tick = case when plan_schedule.fault is null then coalesce(plan_schedule.first_tick, 'infinity') end,
    schedule_error = plan_schedule.fault,
    updated_at = now()
  where s.id = plan_schedule.schedule_id
    and s.next_tick is null
    and s.schedule_error is null
    and s.schedule_info::text = plan_schedule.schedule_info::text;
  return found;
end;
$$;

comment on function app_jobs.plan_schedule(bigint, json, timestamptz, text) is
  'Sets the first tick of a schedule whose rule was just read (null: it never fires), or why the rule cannot be used. Gives '
  'false when another scheduler was first, or the rule has changed since.';

revoke all on function app_jobs.plan_schedule(bigint, json, timestamptz, text) from public;
