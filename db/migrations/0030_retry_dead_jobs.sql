create function app_jobs.retry_dead_jobs(
  ids bigint[],
  payload json default null,
  run_at timestamptz default now(),
  max_attempts integer default null
) returns setof app_jobs.jobs
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
  held bigint[];
  back bigint[] := '{}';
  letter app_jobs.dead_jobs;
  job app_jobs.jobs;
begin
  if retry_dead_jobs.max_attempts < 1 then
    perform app_jobs.refuse_job('retry_dead_jobs was called with max_attempts below 1.');
  end if;

  -- All are locked in the order of their ids, and put back in that of their keys, as by add_jobs: no two calls wait for each other in
  -- a circle.
  held := array(
    select d.id
    from app_jobs.dead_jobs as d
    where d.id = any (retry_dead_jobs.ids)
    order by d.id
    for update
  );

  for letter in
    select *
    from app_jobs.dead_jobs as d
    where d.id = any (held)
    order by d.database_id, d.key collate "C", d.id
  loop
    -- A key that another job has by now stays with that one, and so does an id.
    for n in 1..3 loop
      insert into app_jobs.jobs (
        id, database_id, queue_name, task_identifier, payload, priority, run_at, max_attempts, key, last_error,
        created_at, traceparent, tracestate, schedule_id, scheduled_at, has_history, revision
      )
      values (
        case when n = 3 then app_jobs.free_job_id() else letter.id end,
        letter.database_id,
        letter.queue_name,
        letter.task_identifier,
        coalesce(retry_dead_jobs.payload, letter.payload),
        letter.priority,
        coalesce(retry_dead_jobs.run_at, now()),
        coalesce(retry_dead_jobs.max_attempts, letter.max_attempts),
        case when n = 1 then letter.key end,
        letter.last_error,
        letter.created_at,
        letter.traceparent,
        letter.tracestate,
        letter.schedule_id,
        letter.scheduled_at,
        letter.has_history,
        case when retry_dead_jobs.payload is null then letter.revision else coalesce(letter.revision, 0) + 1 end
      )
      on conflict do nothing
      returning * into job;
      exit when found;
    end loop;
    -- A trigger of somebody's own keeps it out: it stays where it is.
    continue when job.id is null;

    delete from app_jobs.dead_jobs as d
    where d.id = letter.id;
    back := back || job.id;
  end loop;

  return query
  select j.*
  from app_jobs.jobs as j
  where j.id = any (back)
  order by j.id;
end;
$$;

comment on function app_jobs.retry_dead_jobs(bigint[], json, timestamptz, integer) is
  'Puts dead jobs back into jobs under their ids, with no attempt used and their history, and gives their rows; payload and '
  'max_attempts replace their own where not null. A key, or an id, that another job has by now is left to that one.';

revoke all on function app_jobs.retry_dead_jobs(bigint[], json, timestamptz, integer) from public;

create function app_jobs.discard_dead_jobs(ids bigint[]) returns setof app_jobs.dead_jobs
language sql
set search_path = pg_catalog, pg_temp
as $$
  delete from app_jobs.dead_jobs as d
  where d.id = any (array(
    select held.id
    from app_jobs.dead_jobs as held
    where held.id = any (discard_dead_jobs.ids)
    order by held.id
    for update
  ))
  returning d.*;
$$;

comment on function app_jobs.discard_dead_jobs(bigint[]) is 'Deletes dead jobs for good and gives their rows.';

revoke all on function app_jobs.discard_dead_jobs(bigint[]) from public;
