-- Adoption, first part: checks that app_jobs is what @pgpm/database-jobs made, keeps callers out, and puts it aside as
-- app_jobs_before. The migrations follow, then after.sql, all in one transaction.
--
-- Nothing of the user's has to be dropped for it: row triggers keep their functions (which move to the new schema and get a new
-- body there), and views are pointed to the new tables. What could not be kept is named, and nothing is done.
set local search_path = pg_catalog, pg_temp;

do $$
declare
  before constant name := (select nspname from pg_namespace where oid = 'app_jobs'::regnamespace);
  faults text[];
  member record;
begin
  if to_regclass('app_jobs.dead_jobs') is not null then
    raise exception 'Cannot adopt app_jobs: it is ours already.' using hint = 'Nothing was changed.';
  end if;
  if to_regnamespace('app_jobs_before') is not null then
    raise exception 'Cannot adopt app_jobs: a schema app_jobs_before is there already.' using
      hint = 'It is what an earlier adoption put aside. Look into it, and drop or rename it.';
  end if;
  -- drizzle-kit makes its journal before its first migration fails here.
  if to_regclass('app_jobs.migrations') is not null then
    drop table app_jobs.migrations;
  end if;

  with
  expected as (
    select format('column %s.%s %s', t.name, split_part(c.spec, ' ', 1), substr(c.spec, strpos(c.spec, ' ') + 1)) as thing
    from (
      values
        (
          'jobs',
          'id bigint,database_id uuid,queue_name text,task_identifier text,payload json,priority integer,'
          'run_at timestamp with time zone,attempts integer,max_attempts integer,key text,last_error text,'
          'locked_at timestamp with time zone,locked_by text,created_at timestamp with time zone,'
          'updated_at timestamp with time zone'
        ),
        (
          'scheduled_jobs',
          'id bigint,database_id uuid,queue_name text,task_identifier text,payload json,priority integer,'
          'max_attempts integer,key text,locked_at timestamp with time zone,locked_by text,schedule_info json,'
          'last_scheduled timestamp with time zone,last_scheduled_id bigint'
        ),
        ('job_queues', 'queue_name text,job_count integer,locked_at timestamp with time zone,locked_by text')
    ) as t (name, specs)
    cross join lateral string_to_table(t.specs, ',') as c (spec)
  ),
  known as (
    select 'function ' || name as thing
    from unnest(array[
      'add_job', 'add_scheduled_job', 'complete_job', 'complete_jobs', 'do_notify', 'fail_job', 'get_job',
      'get_scheduled_job', 'json_build_object_apply', 'permanently_fail_jobs', 'release_jobs', 'release_scheduled_jobs',
      'reschedule_jobs', 'run_scheduled_job', 'tg_add_job_with_row', 'tg_add_job_with_row_id', 'tg_decrease_job_queue_count',
      'tg_increase_job_queue_count', 'tg_update_timestamps', 'trigger_job_with_fields'
    ]) as name
    union all
    select 'trigger ' || name
    from unnest(array[
      'jobs._100_update_jobs_modtime_tg', 'jobs._500_increase_job_queue_count_on_insert',
      'jobs._500_increase_job_queue_count_on_update', 'jobs._900_notify_worker', 'jobs.decrease_job_queue_count_on_delete',
      'jobs.decrease_job_queue_count_on_update', 'scheduled_jobs._900_notify_scheduled_job'
    ]) as name
  ),
  found as (
    select format('column %s.%s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod)) as thing
    from pg_class as c
    inner join pg_attribute as a on a.attrelid = c.oid
    where c.relnamespace = 'app_jobs'::regnamespace
      and c.relkind not in ('i', 'I', 'S', 'c')
      and a.attnum > 0
      and not a.attisdropped
    union all
    select 'function ' || p.proname
    from pg_proc as p
    where p.pronamespace = 'app_jobs'::regnamespace
    union all
    select format('trigger %s.%s', c.relname, t.tgname)
    from pg_trigger as t
    inner join pg_class as c on c.oid = t.tgrelid
    where c.relnamespace = 'app_jobs'::regnamespace and not t.tgisinternal
  ),
  -- Other objects that hang on these: views and triggers go along, the others would be left with what is put aside.
  dependent as (
    select distinct pg_describe_object(d.classid, d.objid, d.objsubid) as thing
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
        or split_part((pg_identify_object_as_address(d.classid, d.objid, d.objsubid)).object_names[1], '.', 1) <> before
      )
      and not (d.classid = 'pg_trigger'::regclass and d.refclassid = 'pg_proc'::regclass)
      and not (v.relkind is not distinct from 'v' and r.rulename = '_RETURN')
  )
  select array_agg(fault.text order by fault.text)
  into faults
  from (
    select 'it has no ' || e.thing
    from expected as e
    where e.thing not in (select f.thing from found as f)
    union
    select 'it also has the ' || f.thing
    from found as f
    where f.thing not in (select e.thing from expected as e union all select k.thing from known as k)
    union
    select 'it is used by the ' || d.thing
    from dependent as d
  ) as fault (text);

  if faults is not null then
    raise exception 'Cannot adopt app_jobs: it is not just what @pgpm/database-jobs makes: %.', array_to_string(faults, '; ') using
      hint = 'Move or drop what is named, and try again. Nothing was changed.';
  end if;

  for member in
    select e.extname, i.type, i.identity
    from pg_depend as d
    inner join pg_extension as e on e.oid = d.refobjid
    cross join lateral pg_identify_object(d.classid, d.objid, d.objsubid) as i
    where d.refclassid = 'pg_extension'::regclass
      and d.deptype = 'e'
      and e.extname = 'pgpm-database-jobs'
      and d.classid <> 'pg_type'::regclass
  loop
    execute format('alter extension %I drop %s %s', member.extname, member.type, member.identity);
  end loop;
end;
$$;

drop extension if exists "pgpm-database-jobs";

-- Its own functions lock in this order: so whoever has begun ends first, and whoever comes waits at its first table, and goes on
-- as gate.sql says. Half of what the deadlock detector takes: where it comes to that, this gives way.
set local lock_timeout = '500ms';

lock table app_jobs.scheduled_jobs, app_jobs.jobs, app_jobs.job_queues in access exclusive mode;

do $$
declare
  fault text;
begin
  select format('jobs %s have an empty task_identifier', string_agg(j.id::text, ', '))
  into fault
  from (
    select id
    from app_jobs.jobs
    where task_identifier = ''
    order by id
    limit 10
  ) as j
  having count(*) > 0;
  fault := coalesce(fault, (
    select format('two jobs of the queue "%s" run at once', j.queue_name)
    from app_jobs.jobs as j
    where j.locked_at > now() - interval '4 hours'
    group by j.queue_name
    having j.queue_name is not null and count(*) > 1
    limit 1
  ));
  if fault is not null then
    raise exception 'Cannot adopt app_jobs: %.', fault using hint = 'Nothing was changed.';
  end if;
end;
$$;

create table app_jobs.adoption (
  adopted_at timestamptz not null default now(),
  definition text not null
);

comment on table app_jobs.adoption is
  'When these tables and functions were put aside for those of Knative Jobs, and the text of the functions that were changed for it.';

-- Without the gate that gate.sql put into them, at the BEGIN of their bodies.
insert into app_jobs.adoption (definition)
select regexp_replace(pg_get_functiondef(p.oid), E'begin\n/\\* adoption gate .* end of gate \\*/\n', E'BEGIN\n')
from pg_proc as p
where p.pronamespace = 'app_jobs'::regnamespace
  and (
    p.prosrc like '%/* adoption gate */%'
    or p.proname in ('tg_add_job_with_row', 'tg_add_job_with_row_id', 'trigger_job_with_fields')
  );

alter schema app_jobs rename to app_jobs_before;

create schema app_jobs;

-- They keep their identity, so that the triggers that call them stay as they are; a migration replaces their bodies.
do $$
declare
  trigger_function regprocedure;
begin
  for trigger_function in
    select p.oid
    from pg_proc as p
    where p.pronamespace = 'app_jobs_before'::regnamespace
      and p.proname in ('tg_add_job_with_row', 'tg_add_job_with_row_id', 'trigger_job_with_fields')
  loop
    execute format('alter function %s set schema app_jobs', trigger_function);
  end loop;
end;
$$;
