create function app_jobs.note_queue(name text, task text, priority integer, run_at timestamptz) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
as $$
begin
  perform
  from app_jobs.job_queues as q
  where q.queue_name = name
    and q.task_identifier = task
    and (q.next_priority, q.next_run_at) <= (note_queue.priority, note_queue.run_at)
    and (q.closed_until is null or q.closed_until = 'infinity')
  limit 1
  for key share skip locked;
  if found then
    return;
  end if;

  -- A closed row is not ours to open: until we commit, nobody else could open it for the jobs of others.
  update app_jobs.job_queues as q
  set next_priority = case
      when (note_queue.priority, note_queue.run_at) < (q.next_priority, q.next_run_at) then note_queue.priority
      else q.next_priority
    end,
    next_run_at = case
      when (note_queue.priority, note_queue.run_at) < (q.next_priority, q.next_run_at) then note_queue.run_at
      else q.next_run_at
    end
  where q.ctid = (
    select free.ctid
    from app_jobs.job_queues as free
    where free.queue_name = name and free.task_identifier = task and free.closed_until is null
    order by free.queue_name, free.task_identifier, free.id
    limit 1
    for no key update skip locked
  );
  if not found then
    insert into app_jobs.job_queues (queue_name, task_identifier, next_priority, next_run_at)
    values (name, task, note_queue.priority, note_queue.run_at);
  end if;
end;
$$;

comment on function app_jobs.note_queue(text, text, integer, timestamptz) is
  'Makes it known that a serial queue has a ready job of this task, priority and run_at, before the caller commits. Waits for nobody.';

revoke all on function app_jobs.note_queue(text, text, integer, timestamptz) from public;
