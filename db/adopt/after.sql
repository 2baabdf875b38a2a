-- Adoption, last part: moves the rows into the new tables, and points grants and views to them.

-- What runs stays with the worker that runs it, for the four hours that the original gives; fail_job needs a token, which is made
-- here. What was locked for longer has lost its worker: the attempt counts, as when a lease ends. What has no attempt left moves
-- on to dead_jobs by itself (job_died).
insert into app_jobs.jobs (
  id, database_id, queue_name, task_identifier, payload, priority, run_at, attempts, max_attempts, key, last_error,
  locked_at, locked_by, created_at, updated_at, lease_token, death
)
select
  j.id, j.database_id, j.queue_name, j.task_identifier, j.payload, j.priority, j.run_at, j.attempts, j.max_attempts, j.key,
  case
    when j.locked_at is not null and not l.is_leased then format('Worker "%s" gave no outcome within its lease.', j.locked_by)
    else j.last_error
  end,
  case when l.is_leased then j.locked_at end,
  case when l.is_leased then j.locked_by end,
  coalesce(j.created_at, now()),
  coalesce(j.updated_at, now()),
  case when l.is_leased then gen_random_uuid() end,
  case
    when l.is_leased or j.attempts < j.max_attempts then null
    when j.last_error = 'Manually marked as failed' then 'by an operator'
    else 'out of attempts'
  end
from app_jobs_before.jobs as j
cross join lateral (select coalesce(j.locked_at > now() - interval '4 hours', false)) as l (is_leased)
order by j.id;

update app_jobs.dead_jobs
set died_at = updated_at;

-- A scheduler of the original holds its schedules for good; here a claim ends after an hour, which begins now.
insert into app_jobs.scheduled_jobs (
  id, database_id, queue_name, task_identifier, payload, priority, max_attempts, key, locked_at, locked_by, schedule_info,
  last_scheduled, last_scheduled_id
)
select
  s.id, s.database_id, s.queue_name, s.task_identifier, s.payload, s.priority, s.max_attempts, s.key,
  case when s.locked_at is not null then now() end, s.locked_by, s.schedule_info, s.last_scheduled, s.last_scheduled_id
from app_jobs_before.scheduled_jobs as s
order by s.id;

-- What a schedule made last holds its next tick back while it waits or runs.
update app_jobs.jobs as j
set schedule_id = s.id, scheduled_at = s.last_scheduled
from app_jobs.scheduled_jobs as s
where j.id = s.last_scheduled_id;

select setval(pg_get_serial_sequence('app_jobs.jobs', 'id'), s.last_value, s.is_called)
from app_jobs_before.jobs_id_seq as s;

select setval(pg_get_serial_sequence('app_jobs.scheduled_jobs', 'id'), s.last_value, s.is_called)
from app_jobs_before.scheduled_jobs_id_seq as s;

do $$
declare
  lost bigint;
begin
  select (select count(*) from app_jobs_before.jobs)
    - (select count(*) from app_jobs.jobs)
    - (select count(*) from app_jobs.dead_jobs)
  into lost;
  if lost <> 0 then
    raise exception 'Cannot adopt app_jobs: % jobs would be lost.', lost using hint = 'Nothing was changed. Please report this.';
  end if;
end;
$$;

truncate app_jobs_before.jobs, app_jobs_before.scheduled_jobs, app_jobs_before.job_queues;

-- Whoever could reach the schema could call its functions, as long as PUBLIC was not forbidden to. Who could delete jobs ran a
-- service, and needs what a service role needs here (docs/roles.md).
do $$
declare
  command text;
begin
  for command in
    with
    reach as (
      select distinct a.grantee
      from pg_namespace as n
      cross join lateral aclexplode(n.nspacl) as a
      where n.nspname = 'app_jobs_before' and a.privilege_type = 'USAGE' and a.grantee <> n.nspowner
    ),
    role as (
      select r.grantee, case r.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(r.grantee)) end as name
      from reach as r
    ),
    permitted as (
      select c.relname, a.grantee, a.privilege_type, a.is_grantable
      from pg_class as c
      cross join lateral aclexplode(c.relacl) as a
      where c.relnamespace = 'app_jobs_before'::regnamespace
        and c.relname in ('jobs', 'scheduled_jobs', 'job_queues')
        and a.grantee <> c.relowner
    ),
    callable as (
      select distinct p.proname, a.grantee
      from pg_proc as p
      cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
      where p.pronamespace = 'app_jobs_before'::regnamespace
    )
    select format('grant usage on schema app_jobs to %s', r.name)
    from role as r
    union all
    select format(
      'grant %s on app_jobs.%I to %s',
      p.privilege_type, p.relname, case p.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(p.grantee)) end
    )
    from permitted as p
    union all
    select format('grant execute on function %s to %s', p.oid::regprocedure, r.name)
    from role as r
    inner join callable as c on c.grantee in (0, r.grantee)
    inner join pg_proc as p on p.proname = c.proname and p.pronamespace = 'app_jobs'::regnamespace
    union all
    select unnest(array[
      format(
        'grant select, insert, update, delete on app_jobs.jobs, app_jobs.dead_jobs, app_jobs.job_attempts, app_jobs.completed_jobs, '
        'app_jobs.job_queues, app_jobs.scheduled_jobs, app_jobs.workers, app_jobs.cancelled_leases, app_jobs.task_policies to %s',
        r.name
      ),
      format('grant select on app_jobs.callback_keys, app_jobs.repairs to %s', r.name),
      format('grant execute on all functions in schema app_jobs to %s', r.name)
    ])
    from role as r
    inner join permitted as p on p.grantee = r.grantee and p.relname = 'jobs' and p.privilege_type = 'DELETE'
    where r.grantee <> 0
  loop
    execute command;
  end loop;
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
      regexp_replace(pg_get_viewdef(c.oid), '\mapp_jobs_before\.', 'app_jobs.', 'g') as definition
    from pg_depend as d
    inner join pg_rewrite as r on r.oid = d.objid
    inner join pg_class as c on c.oid = r.ev_class
    where d.classid = 'pg_rewrite'::regclass
      and c.relkind = 'v'
      and (
        d.refobjid in (select oid from pg_class where relnamespace = 'app_jobs_before'::regnamespace)
        or d.refobjid in (select oid from pg_proc where pronamespace = 'app_jobs_before'::regnamespace)
      )
  loop
    execute format('create or replace view %s%s as %s', view.name, view.options, view.definition);
  end loop;
end;
$$;

comment on schema app_jobs_before is
  'Tables, now empty, and functions of @pgpm/database-jobs, put aside when Knative Jobs adopted app_jobs. Drop it, without '
  'cascade, when you will not go back.';

notify "jobs:insert";

notify "scheduled_jobs:insert";
