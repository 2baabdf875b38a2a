create function app_jobs.note_queue(name text, priority integer, run_at timestamptz) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  is_late boolean;
begin
  loop
    select q.next_priority > note_queue.priority or q.next_run_at > note_queue.run_at
    into is_late
    from app_jobs.job_queues as q
    where q.queue_name = name
    for key share;

    if found then
      if is_late then
        update app_jobs.job_queues as q
        set next_priority = least(q.next_priority, note_queue.priority),
          next_run_at = least(q.next_run_at, note_queue.run_at)
        where q.queue_name = name;
      end if;
      return;
    end if;

    insert into app_jobs.job_queues (queue_name, next_priority, next_run_at)
    values (name, note_queue.priority, note_queue.run_at)
    on conflict (queue_name) do nothing;
    if found then
      return;
    end if;
  end loop;
end;
$$;

comment on function app_jobs.note_queue(text, integer, timestamptz) is
  'Makes the serial queue known to have a waiting job of this priority and run_at, before the caller commits.';

revoke all on function app_jobs.note_queue(text, integer, timestamptz) from public;
