-- Going back: moves the rows of app_jobs into the tables that an adoption put aside, and those into their place, in one
-- transaction. What the original cannot know is lost: leases' tokens, reasons of death, progress, skipped ticks.
set local search_path = pg_catalog, pg_temp;

do $$
declare
  fault text;
begin
  if to_regclass('app_jobs_before.adoption') is null then
    raise exception 'Cannot go back: there is no schema app_jobs_before that an adoption put aside.' using
      hint = 'It may have been dropped, or app_jobs was never adopted.';
  end if;

  perform app_jobs.rescue_jobs(2147483647);
  select format('worker "%s" runs', w.worker_id)
  into fault
  from app_jobs.workers as w
  where w.lease_until > now()
  limit 1;

  fault := coalesce(fault, (
    select string_agg(distinct pg_describe_object(d.classid, d.objid, d.objsubid), ', ') || ' uses app_jobs'
    from pg_depend as d
    left join pg_rewrite as r on d.classid = 'pg_rewrite'::regclass and r.oid = d.objid
    left join pg_class as v on v.oid = r.ev_class
    where d.deptype in ('n', 'a')
      and (
        (d.refclassid = 'pg_class'::regclass and d.refobjid in (select oid from pg_class where relnamespace = 'app_jobs'::regnamespace))
        or (d.refclassid = 'pg_proc'::regclass and d.refobjid in (select oid from pg_proc where pronamespace = 'app_jobs'::regnamespace))
        or (d.refclassid = 'pg_type'::regclass and d.refobjid in (select oid from pg_type where typnamespace = 'app_jobs'::regnamespace))
      )
      and (
        d.classid in ('pg_publication_rel'::regclass, 'pg_policy'::regclass)
        or split_part((pg_identify_object_as_address(d.classid, d.objid, d.objsubid)).object_names[1], '.', 1)
          <> (select n.nspname from pg_namespace as n where n.oid = 'app_jobs'::regnamespace)
      )
      and not (v.relkind is not distinct from 'v' and r.rulename = '_RETURN')
      and not (
        d.classid = 'pg_trigger'::regclass
        and d.refobjid in (
          select p.oid
          from pg_proc as p
          where p.pronamespace = 'app_jobs'::regnamespace
            and p.proname in ('tg_add_job_with_row', 'tg_add_job_with_row_id', 'trigger_job_with_fields')
        )
      )
  ));
  if fault is not null then
    raise exception 'Cannot go back: %.', fault using
      hint = 'Stop the job service, drop what is named, and try again. Nothing was changed.';
  end if;
end;
$$;

set local lock_timeout = '500ms';

lock table app_jobs.scheduled_jobs, app_jobs.jobs, app_jobs.job_queues, app_jobs.workers, app_jobs.dead_jobs in access exclusive mode;

-- Nothing but the rows: its own triggers would date all jobs to this moment, and count them in the present job_queues.
alter table app_jobs_before.jobs disable trigger user;

-- There a key is one for all tenants. It stays with the job that waits, and of those with the oldest.
insert into app_jobs_before.jobs (
  id, database_id, queue_name, task_identifier, payload, priority, run_at, attempts, max_attempts, key, last_error,
  locked_at, locked_by, created_at, updated_at
)
select
  j.id, j.database_id, j.queue_name, j.task_identifier, j.payload, j.priority, j.run_at,
  case when j.is_dead then greatest(j.attempts, j.max_attempts) else j.attempts end,
  j.max_attempts,
  case when row_number() over (partition by j.key order by j.is_dead, j.id) = 1 then j.key end,
  j.last_error, j.locked_at,
  case when j.locked_at is not null then rpad(j.locked_by, greatest(length(j.locked_by), 4), '-') end,
  j.created_at, j.updated_at
from (
  select
    id, database_id, queue_name, task_identifier, payload, priority, run_at, attempts, max_attempts, key, last_error,
    locked_at, locked_by, created_at, updated_at, false as is_dead
  from app_jobs.jobs
  union all
  select
    id, database_id, queue_name, task_identifier, payload, priority, run_at, attempts, max_attempts, key, last_error,
    null, null, created_at, updated_at, true
  from app_jobs.dead_jobs
) as j
order by j.id;

alter table app_jobs_before.jobs enable trigger user;

insert into app_jobs_before.job_queues (queue_name, job_count, locked_at, locked_by)
select j.queue_name, count(*), max(j.locked_at), max(j.locked_by)
from app_jobs_before.jobs as j
where j.queue_name is not null
group by j.queue_name;

-- The original knows no pause, but leaves alone what is locked.
alter table app_jobs_before.scheduled_jobs disable trigger user;

insert into app_jobs_before.scheduled_jobs (
  id, database_id, queue_name, task_identifier, payload, priority, max_attempts, key, locked_at, locked_by, schedule_info,
  last_scheduled, last_scheduled_id
)
select
  s.id, s.database_id, s.queue_name, s.task_identifier, s.payload, s.priority, s.max_attempts,
  case when row_number() over (partition by s.key order by s.id) = 1 then s.key end,
  coalesce(s.paused_at, s.locked_at),
  case when s.paused_at is not null then 'paused' when s.locked_at is not null then rpad(s.locked_by, greatest(length(s.locked_by), 4), '-') end,
  s.schedule_info, s.last_scheduled, s.last_scheduled_id
from app_jobs.scheduled_jobs as s
order by s.id;

alter table app_jobs_before.scheduled_jobs enable trigger user;

do $$
declare
  counter text;
  last_id bigint;
begin
  foreach counter in array array['jobs', 'scheduled_jobs'] loop
    execute format('select last_value from %s', pg_get_serial_sequence('app_jobs.' || counter, 'id')) into last_id;
    perform setval(format('app_jobs_before.%I', counter || '_id_seq'), last_id);
  end loop;
  if (select count(*) from app_jobs_before.jobs)
    <> (select count(*) from app_jobs.jobs) + (select count(*) from app_jobs.dead_jobs)
  then
    raise exception 'Cannot go back: jobs would be lost.' using hint = 'Nothing was changed. Please report this.';
  end if;
end;
$$;

do $$
declare
  view record;
begin
  for view in
    select distinct
      c.oid::regclass as name,
      case when c.reloptions is not null then format(' with (%s)', array_to_string(c.reloptions, ', ')) else '' end as options,
      regexp_replace(pg_get_viewdef(c.oid), '\mapp_jobs\.', 'app_jobs_before.', 'g') as definition
    from pg_depend as d
    inner join pg_rewrite as r on r.oid = d.objid
    inner join pg_class as c on c.oid = r.ev_class
    where d.classid = 'pg_rewrite'::regclass
      and c.relkind = 'v'
      and c.relnamespace <> 'app_jobs'::regnamespace
      and (
        d.refobjid in (select oid from pg_class where relnamespace = 'app_jobs'::regnamespace)
        or d.refobjid in (select oid from pg_proc where pronamespace = 'app_jobs'::regnamespace)
      )
  loop
    execute format('create or replace view %s%s as %s', view.name, view.options, view.definition);
  end loop;
end;
$$;

-- The functions of the users' triggers go back, and get their own bodies again once their schema has its name.
do $$
declare
  trigger_function regprocedure;
begin
  for trigger_function in
    select p.oid
    from pg_proc as p
    where p.pronamespace = 'app_jobs'::regnamespace
      and p.proname in ('tg_add_job_with_row', 'tg_add_job_with_row_id', 'trigger_job_with_fields')
  loop
    execute format('alter function %s set schema app_jobs_before', trigger_function);
    execute format('grant execute on function %s to public', trigger_function);
  end loop;
end;
$$;

drop schema app_jobs cascade;

alter schema app_jobs_before rename to app_jobs;

comment on schema app_jobs is null;

do $$
declare
  definition text;
begin
  for definition in
    select a.definition
    from app_jobs.adoption as a
  loop
    execute definition;
  end loop;
end;
$$;

drop table app_jobs.adoption;

notify "jobs:insert";

notify "scheduled_jobs:insert";
