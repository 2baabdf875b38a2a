-- Postgres asks who may call a trigger function when the trigger is made, and of "all functions" these are some. On a table of
-- somebody's own, with types of their own, what is written here for ours would run their conversions with the owner's rights.
create function app_jobs.refuse_table(named oid) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'WRONG_TABLE' using
    errcode = 'wrong_object_type',
    detail = format('A trigger on %s calls a function of this schema that is for its own tables.', named::regclass),
    hint = 'For triggers of your own there are tg_add_job_with_row, tg_add_job_with_row_id and trigger_job_with_fields.';
end;
$$;

comment on function app_jobs.refuse_table(oid) is 'Raises WRONG_TABLE, for trigger functions that are called for a table which is not theirs.';

revoke all on function app_jobs.refuse_table(oid) from public;

create function app_jobs.check_payload(bytes integer) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  bytes_limit constant integer := 16 * 1024 * 1024;
begin
  if bytes > bytes_limit then
    raise exception 'INVALID_JOB' using
      errcode = 'check_violation',
      detail = format('A payload has %s bytes; %s are the most that a job may have.', bytes, bytes_limit),
      hint = 'Keep the data elsewhere, as in a table or a bucket, and enqueue where it is.';
  end if;
end;
$$;

comment on function app_jobs.check_payload(integer) is 'Raises INVALID_JOB, a check_violation, for a payload of more than 16 MiB.';

revoke all on function app_jobs.check_payload(integer) from public;

-- What most statements need is nothing: no serial queue, no payload of a size to look at, and a worker that is awake. One query asks for
-- whatever needs more, since each further query costs a single-row insert a tenth of its time (bun run bench enqueue). A worker
-- whose lease has ended, or none at all, is left to wake_workers.
--
-- The limit of a payload stands here and not in a check constraint, which every later update of the row would evaluate. A payload is stored
-- compressed, at most 255 times (lz4), so what is stored in less than 64 KiB is below the limit whatever it was.
create function app_jobs.tg_jobs_inserted() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  due timestamptz;
  largest integer;
  is_serial boolean;
begin
  if tg_relid <> 'app_jobs.jobs'::regclass then
    perform app_jobs.refuse_table(tg_relid);
  end if;

  perform
  from (
    select
    from added as a
    where a.queue_name is not null or pg_column_size(a.payload) > 65536
    union all
    select
    from (select) as one
    left join app_jobs.workers as w on true
    where w.run is null or w.sleeps_until is not null or w.lease_until <= now()
  ) as needs_more;
  if not found
    and current_setting('transaction_isolation') = 'read committed'
    and current_setting('jobs.notify', true) is distinct from 'always'
  then
    return null;
  end if;

  select
    min(a.run_at),
    bool_or(a.queue_name is not null),
    max(case when pg_column_size(a.payload) > 65536 then octet_length(a.payload::text) end)
  into due, is_serial, largest
  from added as a;

  perform app_jobs.check_payload(largest);

  if is_serial then
    perform app_jobs.note_queue(lane.queue_name, lane.task_identifier, lane.priority, lane.run_at)
    from (
      select distinct on (a.queue_name, a.task_identifier) a.queue_name, a.task_identifier, a.priority, a.run_at
      from added as a
      where a.queue_name is not null and a.run_at <= a.updated_at
      order by a.queue_name, a.task_identifier, a.priority, a.run_at
    ) as lane;
  end if;

  -- Nothing was added where a key met a waiting job: its new time is not known here.
  perform app_jobs.wake_workers(coalesce(due, '-infinity'));
  return null;
end;
$$;

comment on function app_jobs.tg_jobs_inserted() is
  'After a statement that inserted jobs: makes the lanes of their serial queues known and wakes sleeping workers, once. Raises INVALID_JOB for '
  'a payload of more than 16 MiB.';

revoke all on function app_jobs.tg_jobs_inserted() from public;

create trigger jobs_inserted
after insert on app_jobs.jobs
referencing new table as added
for each statement execute function app_jobs.tg_jobs_inserted();

comment on trigger jobs_inserted on app_jobs.jobs is 'Wakes sleeping workers, once a statement.';

create function app_jobs.tg_payload_changed() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_relid <> 'app_jobs.jobs'::regclass then
    perform app_jobs.refuse_table(tg_relid);
  end if;
  perform app_jobs.check_payload(octet_length(new.payload::text));
  return null;
end;
$$;

comment on function app_jobs.tg_payload_changed() is 'After a job''s payload was replaced by a large one: raises INVALID_JOB where it is too large.';

revoke all on function app_jobs.tg_payload_changed() from public;

create trigger payload_changed
after update of payload on app_jobs.jobs
for each row
when (pg_column_size(new.payload) > 65536)
execute function app_jobs.tg_payload_changed();

comment on trigger payload_changed on app_jobs.jobs is 'Holds a replaced payload to the limit of one that is enqueued.';

create function app_jobs.tg_job_waits_again() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_relid <> 'app_jobs.jobs'::regclass then
    perform app_jobs.refuse_table(tg_relid);
  end if;
  perform app_jobs.note_queue(new.queue_name, new.task_identifier, new.priority, new.run_at);
  return null;
end;
$$;

comment on function app_jobs.tg_job_waits_again() is
  'After a job of a serial queue became ready, by whatever update: makes its lane known.';

revoke all on function app_jobs.tg_job_waits_again() from public;

-- Covers an operator's plain UPDATE as well as our own functions. Claims and completions do not fire it, and neither does what only
-- reports on a job that waits.
create trigger job_waits_again
after update of queue_name, task_identifier, priority, run_at, attempts, max_attempts, locked_at, updated_at on app_jobs.jobs
for each row
when (
  new.queue_name is not null
  and new.locked_at is null
  and new.attempts < new.max_attempts
  and new.run_at <= new.updated_at
)
execute function app_jobs.tg_job_waits_again();

comment on trigger job_waits_again on app_jobs.jobs is 'Keeps the bounds of the serial queues'' lanes below what is ready in them.';

create function app_jobs.tg_parked_queue_left() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_relid <> 'app_jobs.jobs'::regclass then
    perform app_jobs.refuse_table(tg_relid);
  end if;
  update app_jobs.job_queues as q
  set closed_until = null
  where q.queue_name = old.queue_name and q.closed_until = 'infinity';
  return null;
end;
$$;

comment on function app_jobs.tg_parked_queue_left() is
  'When a job that parked its serial queue no longer runs, by whatever update, or leaves the queue: brings the queue back.';

revoke all on function app_jobs.tg_parked_queue_left() from public;

-- After, as a trigger before a row's change locks the row first, whatever its condition says: 1 µs and 56 bytes of WAL a job.
-- The mark stays in a row that goes on, and goes with the next claim; meanwhile it does no harm.
create trigger parked_queue_left
after update of locked_at, queue_name on app_jobs.jobs
for each row
when (
  old.parked_queue
  and old.locked_at is not null
  and (new.locked_at is null or new.queue_name is distinct from old.queue_name)
)
execute function app_jobs.tg_parked_queue_left();

comment on trigger parked_queue_left on app_jobs.jobs is 'Brings a parked serial queue back when its job no longer runs.';

create function app_jobs.tg_job_left() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
begin
  if tg_relid <> 'app_jobs.jobs'::regclass then
    perform app_jobs.refuse_table(tg_relid);
  end if;

  if old.parked_queue and old.locked_at is not null then
    update app_jobs.job_queues as q
    set closed_until = null
    where q.queue_name = old.queue_name and q.closed_until = 'infinity';
  end if;

  -- A job that dies leaves jobs too, and takes its history along.
  if old.has_history then
    delete from app_jobs.job_attempts as a
    where a.job_id = old.id
      and not exists (
        select
        from app_jobs.dead_jobs as d
        where d.id = old.id
      );
  end if;
  return null;
end;
$$;

comment on function app_jobs.tg_job_left() is
  'After a job was deleted, by whatever statement: brings the serial queue back that it parked, and removes its history.';

revoke all on function app_jobs.tg_job_left() from public;

-- One trigger for both, since every completed job pays for the condition of each.
create trigger job_left
after delete on app_jobs.jobs
for each row
when ((old.parked_queue and old.locked_at is not null) or old.has_history)
execute function app_jobs.tg_job_left();

comment on trigger job_left on app_jobs.jobs is 'Clears up after the few jobs that leave more behind than their row.';

create function app_jobs.tg_jobs_truncated() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_relid <> 'app_jobs.jobs'::regclass then
    perform app_jobs.refuse_table(tg_relid);
  end if;
  -- A number that comes again would stand for two jobs: in dead_jobs, in the log, and as Idempotency-Key at functions.
  if tg_when = 'BEFORE' then
    perform set_config('jobs.last_id', (select s.last_value from app_jobs.jobs_id_seq as s)::text, true);
    return null;
  end if;
  -- A few more may have been drawn while the table was being locked.
  perform setval('app_jobs.jobs_id_seq', current_setting('jobs.last_id')::bigint + 100)
  from app_jobs.jobs_id_seq as s
  where s.last_value < current_setting('jobs.last_id')::bigint;

  delete from app_jobs.job_queues;
  delete from app_jobs.job_attempts as a
  where not exists (
    select
    from app_jobs.dead_jobs as d
    where d.id = a.job_id
  );
  return null;
end;
$$;

comment on function app_jobs.tg_jobs_truncated() is
  'When jobs is truncated: forgets its serial queues, of which a parked one would never be brought back, and its histories, and '
  'goes on with the ids where they were, whatever "restart identity" says.';

revoke all on function app_jobs.tg_jobs_truncated() from public;

create trigger jobs_truncated
after truncate on app_jobs.jobs
for each statement execute function app_jobs.tg_jobs_truncated();

comment on trigger jobs_truncated on app_jobs.jobs is 'Forgets the queues and histories of jobs that are gone, and not their ids.';

create trigger jobs_to_be_truncated
before truncate on app_jobs.jobs
for each statement execute function app_jobs.tg_jobs_truncated();

comment on trigger jobs_to_be_truncated on app_jobs.jobs is 'Notes the latest id, which is not to come again.';
