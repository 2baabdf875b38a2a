-- Called by claim_free, within the settings of claim_jobs.
--
-- Floors: a claimed job leaves its entry in the index until vacuum, and a scan passes all of those before it meets the
-- first ready job: milliseconds after a minute of high load, seconds once another session has held a snapshot for
-- minutes. So a worker may say, for each task and priority, from which place (run_at and id) on to look;
-- services/worker/claim-cursor.ts decides when, and looks at the whole often enough. Between the places that it knows there is nothing
-- but live entries, so that what is new there is found by one step for each of them.
create function app_jobs.free_lanes(
  tasks text[],
  excluded_tasks text[],
  floors json,
  out lane_tasks text[],
  out from_priorities integer[],
  out from_times timestamptz[],
  out from_ids bigint[],
  out to_priorities integer[],
  out is_cut boolean
)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  lowest constant integer := -2147483648;
  highest constant integer := 2147483647;
  finds_left integer := 256;
  known record;
  found_task text;
  found_priority integer;
  -- Up to where it has looked.
  at_task text := '';
  at_priority integer := lowest;
begin
  is_cut := false;
  if floors is null then
    lane_tasks := coalesce(free_lanes.tasks, app_jobs.claimable_tasks(false, free_lanes.excluded_tasks));
    if free_lanes.tasks is not null and free_lanes.excluded_tasks is not null then
      lane_tasks := array(
        select unnest(free_lanes.tasks)
        except
        select unnest(free_lanes.excluded_tasks)
      );
    end if;
    is_cut := free_lanes.tasks is null and cardinality(lane_tasks) >= 256;
    from_priorities := array_fill(lowest, array[cardinality(lane_tasks)]);
    from_times := array_fill('-infinity'::timestamptz, array[cardinality(lane_tasks)]);
    from_ids := array_fill('-9223372036854775808'::bigint, array[cardinality(lane_tasks)]);
    to_priorities := array_fill(highest, array[cardinality(lane_tasks)]);
    return;
  end if;

  lane_tasks := '{}';
  from_priorities := '{}';
  from_times := '{}';
  from_ids := '{}';
  to_priorities := '{}';
  for known in
    select *
    from (
      select
        f.floor ->> 0 as task,
        (f.floor ->> 1)::integer as priority,
        'epoch'::timestamptz + (f.floor ->> 2)::double precision * interval '1 microsecond' as since,
        (f.floor ->> 3)::bigint as since_id
      from json_array_elements(floors) as f (floor)
      union all
      select null, null, null, null
    ) as f
    order by f.task collate "C" nulls last, f.priority
  loop
    -- What is new before the next known place: a task, or another priority of a known one.
    while finds_left > 0 loop
      select j.task_identifier, j.priority
      into found_task, found_priority
      from app_jobs.jobs as j
      where j.locked_at is null
        and j.attempts < j.max_attempts
        and j.queue_name is null
        and j.run_at <= j.updated_at
        and (j.task_identifier collate "C", j.priority) >= (at_task, at_priority)
        and (known.task is null or (j.task_identifier collate "C", j.priority) < (known.task, known.priority))
      order by j.task_identifier collate "C", j.priority
      limit 1;
      exit when not found;

      finds_left := finds_left - 1;
      if (free_lanes.tasks is null or found_task = any (free_lanes.tasks))
        and (free_lanes.excluded_tasks is null or found_task <> all (free_lanes.excluded_tasks))
      then
        lane_tasks := lane_tasks || found_task;
        from_priorities := from_priorities || found_priority;
        from_times := from_times || '-infinity'::timestamptz;
        from_ids := from_ids || '-9223372036854775808'::bigint;
        to_priorities := to_priorities || found_priority;
      else
        found_priority := highest;
      end if;
      exit when found_priority = highest and found_task = known.task;
      at_task := case when found_priority = highest then found_task || chr(1) else found_task end;
      at_priority := case when found_priority = highest then lowest else found_priority + 1 end;
    end loop;

    is_cut := finds_left = 0;
    exit when known.task is null;
    if (free_lanes.tasks is null or known.task = any (free_lanes.tasks))
      and (free_lanes.excluded_tasks is null or known.task <> all (free_lanes.excluded_tasks))
    then
      lane_tasks := lane_tasks || known.task;
      from_priorities := from_priorities || known.priority;
      from_times := from_times || known.since;
      from_ids := from_ids || known.since_id;
      to_priorities := to_priorities || known.priority;
    end if;
    at_task := case when known.priority = highest then known.task || chr(1) else known.task end;
    at_priority := case when known.priority = highest then lowest else known.priority + 1 end;
  end loop;
end;
$$;

comment on function app_jobs.free_lanes(text[], text[], json) is
  'The lanes of jobs without a queue that a claim looks at, as pairwise arrays: a task, from which place on, and up to which priority. At most '
  '256 that are not known by floors; is_cut says that there may be more.';

revoke all on function app_jobs.free_lanes(text[], text[], json) from public;
