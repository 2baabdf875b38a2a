create function app_jobs.add_job(
  db_id uuid,
  identifier text,
  payload json default '{}',
  job_key text default null,
  queue_name text default null,
  run_at timestamptz default now(),
  max_attempts integer default 25,
  priority integer default 0,
  traceparent text default null,
  tracestate text default null
) returns app_jobs.jobs
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  job app_jobs.jobs;
begin
  if db_id is null then
    raise exception 'INVALID_DATABASE_ID' using
      errcode = 'null_value_not_allowed',
      detail = 'add_job was called with a null db_id.',
      hint = 'Pass the id of the tenant that the job belongs to.';
  end if;
  if identifier is null or identifier = '' then
    raise exception 'INVALID_TASK_IDENTIFIER' using
      errcode = 'null_value_not_allowed',
      detail = 'add_job was called without a task identifier.',
      hint = 'Pass the name of the function that runs the job, such as send-email-link.';
  end if;

  loop
    insert into app_jobs.jobs (
      database_id, task_identifier, payload, key, queue_name, run_at, max_attempts, priority, traceparent, tracestate
    )
    values (
      db_id,
      identifier,
      coalesce(add_job.payload, '{}'),
      job_key,
      add_job.queue_name,
      coalesce(add_job.run_at, now()),
      coalesce(add_job.max_attempts, 25),
      coalesce(add_job.priority, 0),
      add_job.traceparent,
      add_job.tracestate
    )
    on conflict (database_id, key) where key is not null do update
    set task_identifier = excluded.task_identifier,
      payload = excluded.payload,
      queue_name = excluded.queue_name,
      run_at = excluded.run_at,
      max_attempts = excluded.max_attempts,
      priority = excluded.priority,
      traceparent = excluded.traceparent,
      tracestate = excluded.tracestate,
      attempts = 0,
      last_error = null,
      lease_token = null,
      progress = null,
      progress_message = null,
      unreachable_since = null,
      unreachable_count = 0,
      schedule_id = null,
      scheduled_at = null,
      updated_at = now()
    where jobs.locked_at is null
    returning * into job;
    if found then
      return job;
    end if;

    -- The job with this key is running. It gives up its key and its retries; then the new one can have the key.
    update app_jobs.jobs as j
    set key = null, attempts = j.max_attempts, superseded = true, updated_at = now()
    where j.database_id = db_id and j.key = job_key and j.locked_at is not null;
  end loop;
end;
$$;

comment on function app_jobs.add_job(uuid, text, json, text, text, timestamptz, integer, integer, text, text) is
  'Enqueues a job in the caller''s transaction and gives its row. With job_key, replaces the waiting job that has this '
  'key in this database_id; a running one keeps running, loses its key and is not retried. A null argument means its '
  'default. Raises INVALID_DATABASE_ID and INVALID_TASK_IDENTIFIER. traceparent and tracestate (W3C) reach the function.';

revoke all on function app_jobs.add_job(uuid, text, json, text, text, timestamptz, integer, integer, text, text) from public;
