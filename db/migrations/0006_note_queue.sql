create function app_jobs.note_queue(name text, priority integer, run_at timestamptz) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
as $$
begin
  perform
  from app_jobs.job_queues as q
  where q.queue_name = name and q.next_priority <= note_queue.priority and q.next_run_at <= note_queue.run_at
  limit 1
  for key share skip locked;
  if found then
    return;
  end if;

  -- A parked row is its running job's to change, which is not to wait for us.
  update app_jobs.job_queues as q
  set next_priority = least(q.next_priority, note_queue.priority),
    next_run_at = least(q.next_run_at, note_queue.run_at)
  where q.ctid = (
    select free.ctid
    from app_jobs.job_queues as free
    where free.queue_name = name and not free.is_parked
    limit 1
    for no key update skip locked
  );
  if not found then
    insert into app_jobs.job_queues (queue_name, next_priority, next_run_at)
    values (name, note_queue.priority, note_queue.run_at);
  end if;
end;
$$;

comment on function app_jobs.note_queue(text, integer, timestamptz) is
  'Makes the serial queue known to have a waiting job of this priority and run_at, before the caller commits. Waits for nobody.';

revoke all on function app_jobs.note_queue(text, integer, timestamptz) from public;
