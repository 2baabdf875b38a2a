-- The limits of the table's check constraints, in words: a constraint's own error would carry the row, payload and all. Its body
-- is read when it is made, as that of lease_end.
create function app_jobs.job_fault(
  identifier text,
  queue_name text,
  job_key text,
  max_attempts integer
) returns text
language sql
immutable
parallel safe
return case
  when length(identifier) > 126 then 'an identifier of more than 126 characters'
  when length(queue_name) > 126 then 'a queue_name of more than 126 characters'
  when length(job_key) > 512 then 'a job_key of more than 512 characters'
  when max_attempts < 1 then 'max_attempts below 1'
end;

comment on function app_jobs.job_fault(text, text, text, integer) is
  'What a job or a schedule cannot be made of, in words that follow "has" or "with"; null where all is well.';

revoke all on function app_jobs.job_fault(text, text, text, integer) from public;

create function app_jobs.refuse_job(fault text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'INVALID_JOB' using
    errcode = 'check_violation',
    detail = fault,
    hint = 'An identifier and a queue_name have at most 126 characters, a job_key at most 512; max_attempts is 1 or more.';
end;
$$;

comment on function app_jobs.refuse_job(text) is 'Raises INVALID_JOB, a check_violation, for what job_fault found; fault is the sentence.';

revoke all on function app_jobs.refuse_job(text) from public;

-- Puts a job, whose id is drawn already, where its key says. Many are put in the order of their keys, so that no two calls wait for
-- each other in a circle, and yet get their ids, and with them their turns, in the order in which they were given.
create function app_jobs.put_job(
  id bigint,
  db_id uuid,
  identifier text,
  payload json,
  job_key text,
  queue_name text,
  run_at timestamptz,
  max_attempts integer,
  priority integer,
  traceparent text,
  tracestate text
) returns app_jobs.jobs
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  job app_jobs.jobs;
begin
  -- A round more for each time that the job with this key begins or ends to run while we look.
  for round in 1..10 loop
    insert into app_jobs.jobs (
      id, database_id, task_identifier, payload, key, queue_name, run_at, max_attempts, priority, traceparent, tracestate
    )
    values (
      put_job.id,
      db_id,
      identifier,
      coalesce(put_job.payload, '{}'),
      job_key,
      put_job.queue_name,
      coalesce(put_job.run_at, now()),
      coalesce(put_job.max_attempts, 25),
      coalesce(put_job.priority, 0),
      put_job.traceparent,
      put_job.tracestate
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
      death = null,
      -- Work that an attempt of the replaced one has done is not this one's.
      revision = case when jobs.has_history then coalesce(jobs.revision, 0) + 1 else jobs.revision end,
      updated_at = now()
    where jobs.locked_at is null
    returning * into job;
    if found then
      return job;
    end if;

    -- The job with this key is running. It gives up its key and its retries; then the new one can have the key.
    update app_jobs.jobs as j
    set key = null, superseded = true, updated_at = now()
    where j.database_id = db_id and j.key = job_key and j.locked_at is not null;
    continue when found or round = 1;

    -- Nothing was in the way: a trigger of somebody's own keeps the row out, and nothing comes of it, as of any such insert.
    perform
    from app_jobs.jobs as j
    where j.database_id = db_id and j.key = job_key;
    if not found then
      return null;
    end if;
  end loop;

  raise exception 'JOB_NOT_ADDED' using
    errcode = 'object_in_use',
    detail = format('The job with the key %L could neither be replaced nor be parted from its key.', left(job_key, 100)),
    hint = 'A trigger of your own on jobs may keep its row as it is. Let it pass, or add the job with another key.';
end;
$$;

comment on function app_jobs.put_job(
  bigint, uuid, text, json, text, text, timestamptz, integer, integer, text, text
) is
  'What add_job does with arguments that are in order, for a job that gets this id where no waiting one has its key. Gives a row of '
  'nulls where a trigger of somebody''s own keeps it out. Raises JOB_NOT_ADDED.';

revoke all on function app_jobs.put_job(
  bigint, uuid, text, json, text, text, timestamptz, integer, integer, text, text
) from public;

-- Whoever locks many jobs locks them in the order of their ids: those that there are, before the first is replaced.
create function app_jobs.lock_keyed_jobs(db_ids uuid[], job_keys text[]) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
begin
  perform
  from (
    select distinct one.db_id, one.job_key
    from unnest(db_ids, job_keys) as one (db_id, job_key)
  ) as keyed
  inner join app_jobs.jobs as j on j.database_id = keyed.db_id and j.key = keyed.job_key
  order by j.id
  for no key update of j;
end;
$$;

comment on function app_jobs.lock_keyed_jobs(uuid[], text[]) is
  'Locks the jobs that have these keys, pairwise with their tenants, in the order in which all who lock many do it.';

revoke all on function app_jobs.lock_keyed_jobs(uuid[], text[]) from public;

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
  fault text;
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
  fault := app_jobs.job_fault(identifier, add_job.queue_name, job_key, add_job.max_attempts);
  if fault is not null then
    perform app_jobs.refuse_job(format('add_job was called with %s.', fault));
  end if;

  -- Nothing to meet without a key: ON CONFLICT would cost a second log record.
  if job_key is null then
    insert into app_jobs.jobs (
      database_id, task_identifier, payload, queue_name, run_at, max_attempts, priority, traceparent, tracestate
    )
    values (
      db_id,
      identifier,
      coalesce(add_job.payload, '{}'),
      add_job.queue_name,
      coalesce(add_job.run_at, now()),
      coalesce(add_job.max_attempts, 25),
      coalesce(add_job.priority, 0),
      add_job.traceparent,
      add_job.tracestate
    )
    returning * into job;
    return job;
  end if;

  return app_jobs.put_job(
    nextval('app_jobs.jobs_id_seq'),
    db_id,
    identifier,
    add_job.payload,
    job_key,
    add_job.queue_name,
    add_job.run_at,
    add_job.max_attempts,
    add_job.priority,
    add_job.traceparent,
    add_job.tracestate
  );
end;
$$;

comment on function app_jobs.add_job(uuid, text, json, text, text, timestamptz, integer, integer, text, text) is
  'Enqueues a job in the caller''s transaction and gives its row. With job_key, replaces the waiting job that has this '
  'key in this database_id; a running one keeps running, loses its key and is not retried. A null argument means its '
  'default. Raises INVALID_DATABASE_ID, INVALID_TASK_IDENTIFIER and, for what is out of range, INVALID_JOB. '
  'traceparent and tracestate (W3C) reach the function. A row of nulls comes back where a trigger of your own on jobs keeps it out.';

revoke all on function app_jobs.add_job(uuid, text, json, text, text, timestamptz, integer, integer, text, text) from public;

-- One statement for all jobs without a key, so that triggers, queues and the notification are paid once. Each spec is
-- parsed once (json_to_record), and its payload is kept byte for byte. Their names are looked at besides; anything else only where
-- that left a spec out: what is wrong, and keys. The rows of unnest come in order, and a nested loop, the only join that a
-- lateral function allows, keeps it.
create function app_jobs.add_jobs(specs json[]) returns setof app_jobs.jobs
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  parameters constant text[] := '{db_id, identifier, payload, job_key, queue_name, run_at, max_attempts, priority, traceparent, tracestate}';
  added bigint;
  bad record;
begin
  return query
  insert into app_jobs.jobs (
    database_id, task_identifier, payload, queue_name, run_at, max_attempts, priority, traceparent, tracestate
  )
  select
    job.db_id,
    job.identifier,
    coalesce(job.payload, '{}'),
    job.queue_name,
    coalesce(job.run_at, now()),
    coalesce(job.max_attempts, 25),
    coalesce(job.priority, 0),
    job.traceparent,
    job.tracestate
  from unnest(specs) as s (spec)
  cross join lateral json_to_record(case when json_typeof(s.spec) = 'object' then s.spec end) as job (
    db_id uuid, identifier text, payload json, job_key text, queue_name text, run_at timestamptz,
    max_attempts integer, priority integer, traceparent text, tracestate text
  )
  where job.db_id is not null
    and job.identifier <> ''
    and job.job_key is null
    and app_jobs.job_fault(job.identifier, job.queue_name, null, job.max_attempts) is null
  returning *;

  get diagnostics added = row_count;

  -- A misspelt parameter would else mean its default, without a word.
  select s.n, k.name
  into bad
  from unnest(specs) with ordinality as s (spec, n)
  cross join lateral json_object_keys(case when json_typeof(s.spec) = 'object' then s.spec end) as k (name)
  where k.name <> all (parameters)
  limit 1;
  if found then
    raise exception 'INVALID_JOB' using
      errcode = 'invalid_parameter_value',
      detail = format('Job %s of add_jobs has %L, which is no parameter of add_job.', bad.n, bad.name),
      hint = format('Known are %s.', array_to_string(parameters, ', '));
  end if;

  if added = cardinality(specs) then
    return;
  end if;

  select spec_fault.n, spec_fault.fault
  into bad
  from (
    select
      s.n,
      case
        when s.spec is null then 'is null'
        when json_typeof(s.spec) <> 'object' then 'is of the type ' || json_typeof(s.spec)
        when job.db_id is null then 'is without db_id'
        when coalesce(job.identifier, '') = '' then 'is without identifier'
        else 'has ' || app_jobs.job_fault(job.identifier, job.queue_name, job.job_key, job.max_attempts)
      end as fault
    from unnest(specs) with ordinality as s (spec, n)
    left join lateral json_to_record(case when json_typeof(s.spec) = 'object' then s.spec end) as job (
      db_id uuid, identifier text, queue_name text, job_key text, max_attempts integer
    ) on true
  ) as spec_fault
  where spec_fault.fault is not null
  limit 1;
  if found then
    raise exception 'INVALID_JOB' using
      errcode = 'invalid_parameter_value',
      detail = format('Job %s of add_jobs %s.', bad.n, bad.fault),
      hint = 'Each job is an object with db_id and identifier, and add_job''s other parameters where they matter.';
  end if;

  perform app_jobs.lock_keyed_jobs(array_agg(job.db_id), array_agg(job.job_key))
  from unnest(specs) as s (spec)
  cross join lateral json_to_record(s.spec) as job (db_id uuid, job_key text);

  -- The inner query draws the ids in the order of the specs, the one around it goes by the keys: the functions are called in its order.
  return query
  select job.*
  from (
    select drawn.*
    from (
      select nextval('app_jobs.jobs_id_seq') as id, s.n, spec_job.*
      from unnest(specs) with ordinality as s (spec, n)
      cross join lateral json_to_record(s.spec) as spec_job (
        db_id uuid, identifier text, payload json, job_key text, queue_name text, run_at timestamptz,
        max_attempts integer, priority integer, traceparent text, tracestate text
      )
      where spec_job.job_key is not null
    ) as drawn
    order by drawn.db_id, drawn.job_key collate "C", drawn.n
  ) as one
  cross join lateral app_jobs.put_job(
    one.id,
    one.db_id,
    one.identifier,
    one.payload,
    one.job_key,
    one.queue_name,
    one.run_at,
    one.max_attempts,
    one.priority,
    one.traceparent,
    one.tracestate
  ) as job
  order by one.n;
end;
$$;

comment on function app_jobs.add_jobs(json[]) is
  'Enqueues many jobs in the caller''s transaction and gives their rows: those without a job_key in order, then those with one. '
  'Each is an object with add_job''s parameters by name, {"db_id": uuid, "identifier": text, "payload": json, "job_key": text, '
  '"queue_name": text, "run_at": timestamptz, "max_attempts": integer, "priority": integer, "traceparent": text, "tracestate": '
  'text}; all but the first two may be left out, and others are refused. Raises INVALID_JOB, naming its place, and then adds none.';

revoke all on function app_jobs.add_jobs(json[]) from public;

-- What the jobs have in common comes once, so that nothing is left to parse, and the statement takes what a plain INSERT takes
-- (bun run bench enqueue).
create function app_jobs.add_task_jobs(
  db_id uuid,
  identifier text,
  payloads json[],
  job_keys text[] default null,
  queue_name text default null,
  run_at timestamptz default now(),
  max_attempts integer default 25,
  priority integer default 0,
  traceparent text default null,
  tracestate text default null
) returns setof app_jobs.jobs
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  fault text;
begin
  if db_id is null then
    raise exception 'INVALID_DATABASE_ID' using
      errcode = 'null_value_not_allowed',
      detail = 'add_task_jobs was called with a null db_id.',
      hint = 'Pass the id of the tenant that the jobs belong to.';
  end if;
  if identifier is null or identifier = '' then
    raise exception 'INVALID_TASK_IDENTIFIER' using
      errcode = 'null_value_not_allowed',
      detail = 'add_task_jobs was called without a task identifier.',
      hint = 'Pass the name of the function that runs the jobs, such as send-email-link.';
  end if;
  if job_keys is not null and cardinality(job_keys) <> coalesce(cardinality(payloads), 0) then
    raise exception 'INVALID_JOB_KEYS' using
      errcode = 'array_subscript_error',
      detail = format(
        'add_task_jobs was called with %s payloads and %s job_keys.', coalesce(cardinality(payloads), 0), cardinality(job_keys)
      ),
      hint = 'Pass one key a payload, in the same order; null for a job without one.';
  end if;
  select app_jobs.job_fault(identifier, add_task_jobs.queue_name, longest.job_key, add_task_jobs.max_attempts)
  into fault
  from (select) as one
  left join lateral (
    select k.job_key
    from unnest(job_keys) as k (job_key)
    where k.job_key is not null
    order by length(k.job_key) desc
    limit 1
  ) as longest on true;
  if fault is not null then
    perform app_jobs.refuse_job(format('add_task_jobs was called with %s.', fault));
  end if;

  if job_keys is not null then
    perform app_jobs.lock_keyed_jobs(array_fill(add_task_jobs.db_id, array[cardinality(job_keys)]), job_keys);

    -- As in add_jobs: ids by place, locks by key.
    return query
    select job.*
    from (
      select drawn.*
      from (
        select nextval('app_jobs.jobs_id_seq') as id, u.payload, u.job_key, u.n
        from unnest(payloads, job_keys) with ordinality as u (payload, job_key, n)
      ) as drawn
      order by drawn.job_key collate "C", drawn.n
    ) as one
    cross join lateral app_jobs.put_job(
      one.id,
      add_task_jobs.db_id,
      add_task_jobs.identifier,
      one.payload,
      one.job_key,
      add_task_jobs.queue_name,
      add_task_jobs.run_at,
      add_task_jobs.max_attempts,
      add_task_jobs.priority,
      add_task_jobs.traceparent,
      add_task_jobs.tracestate
    ) as job
    order by one.n;
    return;
  end if;

  return query
  insert into app_jobs.jobs (
    database_id, task_identifier, payload, queue_name, run_at, max_attempts, priority, traceparent, tracestate
  )
  select
    add_task_jobs.db_id,
    add_task_jobs.identifier,
    coalesce(one.payload, '{}'),
    add_task_jobs.queue_name,
    coalesce(add_task_jobs.run_at, now()),
    coalesce(add_task_jobs.max_attempts, 25),
    coalesce(add_task_jobs.priority, 0),
    add_task_jobs.traceparent,
    add_task_jobs.tracestate
  from unnest(payloads) as one (payload)
  returning *;
end;
$$;

comment on function app_jobs.add_task_jobs(
  uuid, text, json[], text[], text, timestamptz, integer, integer, text, text
) is
  'Enqueues one job a payload, all of one tenant and task, in the caller''s transaction and in the payloads'' order, and gives their '
  'rows. The other arguments are add_job''s and hold for all; job_keys has one key a payload. The fastest way to enqueue many. '
  'Raises INVALID_DATABASE_ID, INVALID_TASK_IDENTIFIER, INVALID_JOB_KEYS and, for what is out of range, INVALID_JOB, and then '
  'adds none.';

revoke all on function app_jobs.add_task_jobs(
  uuid, text, json[], text[], text, timestamptz, integer, integer, text, text
) from public;
