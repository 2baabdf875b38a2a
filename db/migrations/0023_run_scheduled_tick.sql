-- A tick is (schedule, due time), and runs once. Whoever finds next_tick still at the due time, and ticked_until before it,
-- moves both and enqueues the job in one transaction; a second scheduler, or the same one after a crash, finds them moved.
-- ticked_until only rises, so that a clock set back, a stale reading or a next_tick set back by hand repeats nothing. A
-- schedule claimed by get_scheduled_job is left to its claimer for that hour.
--
-- A transaction of an application that stays open may hold the schedule's row, or the key that its job takes. Schedulers wait for it
-- 200 ms, get an error, and come back a second later: the other schedules go on meanwhile.
create function app_jobs.run_scheduled_tick(
  schedule_id bigint,
  tick timestamptz,
  following_tick timestamptz,
  delay_seconds double precision default 0
) returns text
language plpgsql
set search_path = pg_catalog, pg_temp
set lock_timeout = '200ms'
as $$
declare
  schedule app_jobs.scheduled_jobs;
  job app_jobs.jobs;
  result text;
begin
  select *
  into schedule
  from app_jobs.scheduled_jobs as due
  where due.id = run_scheduled_tick.schedule_id
    and due.next_tick = run_scheduled_tick.tick
    and due.paused_at is null
    and (due.locked_at is null or due.locked_at < now() - interval '1 hour')
  for update skip locked;
  if not found then
    return 'elsewhere';
  end if;

  if tick <= schedule.ticked_until then
    result := 'repeated';
  elsif app_jobs.is_schedule_busy(schedule, interval '1 hour') then
    result := 'skipped';
  else
    result := 'run';
    job := app_jobs.make_scheduled_job(schedule, tick, greatest(now(), tick + make_interval(secs => delay_seconds)));
  end if;

  update app_jobs.scheduled_jobs as s
  set next_tick = coalesce(following_tick, 'infinity'),
    ticked_until = greatest(s.ticked_until, tick),
    skipped_ticks = s.skipped_ticks + (result = 'skipped')::integer,
    last_scheduled = case when result = 'run' then now() else s.last_scheduled end,
    last_scheduled_id = case when result = 'run' then job.id else s.last_scheduled_id end,
    updated_at = now()
  where s.id = schedule.id;
  return result;
end;
$$;

comment on function app_jobs.run_scheduled_tick(bigint, timestamptz, timestamptz, double precision) is
  'Runs one tick of a schedule, its job due delay_seconds after it, and sets the following one (null: none is left). Gives '
  'run; skipped while the previous job still waits or runs; repeated when the tick was settled before, and makes no job; or '
  'elsewhere when this tick is not, or no longer, there to be run.';

revoke all on function app_jobs.run_scheduled_tick(bigint, timestamptz, timestamptz, double precision) from public;

-- One commit for many ticks, where they are due together. A caller leaves out schedules with a queue or a key: their jobs
-- may wait for other transactions, which could then wait for ours.
create function app_jobs.run_scheduled_ticks(
  schedule_ids bigint[],
  ticks timestamptz[],
  following_ticks timestamptz[],
  delays_seconds double precision[]
) returns text[]
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  results text[] := '{}';
begin
  for n in 1..cardinality(schedule_ids) loop
    results := results || app_jobs.run_scheduled_tick(schedule_ids[n], ticks[n], following_ticks[n], delays_seconds[n]);
  end loop;
  return results;
end;
$$;

comment on function app_jobs.run_scheduled_ticks(bigint[], timestamptz[], timestamptz[], double precision[]) is
  'Runs one tick each of several schedules, all or none, and gives for each what run_scheduled_tick gives.';

revoke all on function app_jobs.run_scheduled_ticks(bigint[], timestamptz[], timestamptz[], double precision[]) from public;

create function app_jobs.pass_over_ticks(schedule_id bigint, tick timestamptz, next_tick timestamptz) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
set lock_timeout = '200ms'
as $$
begin
  update app_jobs.scheduled_jobs as s
  set next_tick = coalesce(pass_over_ticks.next_tick, 'infinity'),
    ticked_until = greatest(s.ticked_until, least(now(), pass_over_ticks.next_tick - interval '1 microsecond')),
    updated_at = now()
  where s.id = pass_over_ticks.schedule_id
    and s.next_tick = pass_over_ticks.tick
    and s.paused_at is null
    and (s.locked_at is null or s.locked_at < now() - interval '1 hour');
  return found;
end;
$$;

comment on function app_jobs.pass_over_ticks(bigint, timestamptz, timestamptz) is
  'Settles, without a job, the ticks of a schedule from tick up to next_tick (null: none is left), as its policy for missed '
  'ticks says. Gives false when tick is no longer there to be run.';

revoke all on function app_jobs.pass_over_ticks(bigint, timestamptz, timestamptz) from public;

-- A schedule_info that is too long comes as null, since no scheduler has read it. A fault takes the schedule out of the ticks, too, where
-- somebody set its next_tick by hand.
create function app_jobs.plan_schedule(schedule_id bigint, schedule_info json, first_tick timestamptz, fault text)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
set lock_timeout = '200ms'
as $$
begin
  update app_jobs.scheduled_jobs as s
  set next_tick = case when plan_schedule.fault is null then coalesce(plan_schedule.first_tick, 'infinity') end,
    schedule_error = plan_schedule.fault,
    updated_at = now()
  where s.id = plan_schedule.schedule_id
    and (s.next_tick is null or plan_schedule.fault is not null)
    and s.schedule_error is null
    and case
      when plan_schedule.schedule_info is null then app_jobs.schedule_fault(s.schedule_info) is not null
      else s.schedule_info::text = plan_schedule.schedule_info::text
    end
    and (plan_schedule.fault is not null or coalesce(plan_schedule.first_tick, 'infinity') > s.ticked_until);
  return found;
end;
$$;

comment on function app_jobs.plan_schedule(bigint, json, timestamptz, text) is
  'Sets the first tick of a schedule whose rule was just read (null: it never fires), or why the rule cannot be used; schedule_info is '
  'what was read, null for one that is too long to be (schedule_fault). Gives '
  'false when another scheduler was first, or the rule has changed since, or the tick is settled.';

revoke all on function app_jobs.plan_schedule(bigint, json, timestamptz, text) from public;
