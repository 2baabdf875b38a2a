-- What goes wrong in a queue on Postgres shows first here, before the queue gets longer: a session that keeps an old
-- snapshot forbids the clearing of what claimed and completed jobs leave behind.
-- Of each task and priority, and of each lane of a serial queue, the first job, of a thousand each; parked lanes too, since a queue whose running job never ends is what
-- this is to show. A job that became due and that no claim has promoted is the earliest of the delayed ones.
create function app_jobs.oldest_due_at() returns timestamptz
language plpgsql
stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
as $$
declare
  looks_limit constant integer := 1000;
  oldest timestamptz;
  first record;
  at_task text := '';
  at_priority bigint := -2147483649;
begin
  select j.run_at
  into oldest
  from app_jobs.jobs as j
  where j.locked_at is null and j.attempts < j.max_attempts and j.run_at > j.updated_at and j.run_at <= now()
  order by j.run_at
  limit 1;

  for n in 1..looks_limit loop
    select j.task_identifier, j.priority, j.run_at
    into first
    from app_jobs.jobs as j
    where j.locked_at is null
      and j.attempts < j.max_attempts
      and j.queue_name is null
      and j.run_at <= j.updated_at
      and (j.task_identifier collate "C", j.priority) > (at_task, at_priority)
    order by j.task_identifier collate "C", j.priority, j.run_at
    limit 1;
    exit when not found;
    oldest := least(oldest, first.run_at);
    at_task := first.task_identifier;
    at_priority := first.priority;
  end loop;

  return least(oldest, (
    select min(head.run_at)
    from (
      select q.queue_name, q.task_identifier
      from app_jobs.job_queues as q
      limit looks_limit
    ) as lane
    cross join lateral (
      select j.run_at
      from app_jobs.jobs as j
      where j.queue_name = lane.queue_name
        and j.task_identifier collate "C" = lane.task_identifier
        and j.locked_at is null
        and j.attempts < j.max_attempts
        and j.run_at <= j.updated_at
      order by j.priority, j.run_at
      limit 1
    ) as head
  ));
end;
$$;

comment on function app_jobs.oldest_due_at() is
  'Since when the oldest due job that nobody has taken is due, in serial queues too; null when none is. With more than a thousand '
  'priorities of tasks, or lanes of serial queues, it looks at a thousand of each.';

revoke all on function app_jobs.oldest_due_at() from public;

create function app_jobs.queue_health(
  out dead_tuples bigint,
  out live_tuples bigint,
  out last_autovacuum timestamptz,
  out oldest_xmin_age bigint,
  out oldest_xmin_holder text,
  out oldest_xmin_since timestamptz,
  out oldest_due_seconds double precision
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  with holder as (
    select
      age(a.backend_xmin) as xids,
      format('session %s of %s (%s)', a.pid, coalesce(a.usename, 'the server'), coalesce(nullif(a.application_name, ''), 'unnamed'))
        as name,
      a.xact_start as since
    from pg_stat_activity as a
    where a.backend_xmin is not null
      and a.pid <> pg_backend_pid()
      and coalesce(a.datname, current_database()) = current_database()
      and a.backend_type <> 'autovacuum worker'
    union all
    select greatest(age(s.xmin), age(s.catalog_xmin)), format('replication slot %s', s.slot_name), null
    from pg_replication_slots as s
    where s.xmin is not null or s.catalog_xmin is not null
    union all
    select age(p.transaction), format('prepared transaction %s', p.gid), p.prepared
    from pg_prepared_xacts as p
  ),
  oldest as (
    select *
    from holder
    order by holder.xids desc
    limit 1
  )
  select
    t.n_dead_tup,
    t.n_live_tup,
    t.last_autovacuum,
    oldest.xids,
    oldest.name,
    oldest.since,
    coalesce(greatest(0, extract(epoch from now() - app_jobs.oldest_due_at())), 0)
  from pg_stat_user_tables as t
  left join oldest on true
  where t.relid = 'app_jobs.jobs'::regclass;
$$;

comment on function app_jobs.queue_health() is
  'Dead and live rows of jobs by the server''s statistics; when it was last vacuumed; the session, slot or prepared transaction '
  'that holds the oldest snapshot, how old that is in transactions and since when; and how long the oldest due job has '
  'waited, in seconds (0 when none is due). Other roles'' sessions show only if the owner is in pg_read_all_stats.';

revoke all on function app_jobs.queue_health() from public;

-- A worker that keeps to some tasks is alive and ready, whatever waits of the others. So it is asked of the jobs, by the lane: each step
-- goes to the next task that has ready jobs, without looking at those behind its first. Where one worker takes every task no job is
-- looked at. What came due and no claim has promoted, as where no worker is, is looked at for a thousand jobs.
create function app_jobs.untaken_tasks(at_most integer default 100, out task text, out due bigint, out since timestamptz)
returns setof record
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
as $$
declare
  seen integer := 0;
begin
  if exists (
    select
    from app_jobs.workers as w
    where w.lease_until > now() and w.tasks is null and cardinality(w.excluded) = 0
  ) then
    return;
  end if;

  task := '';
  while seen < 10000 and at_most > 0 loop
    select min(next.task collate "C")
    into task
    from (
      (
        select j.task_identifier as task
        from app_jobs.jobs as j
        where j.locked_at is null
          and j.attempts < j.max_attempts
          and j.queue_name is null
          and j.run_at <= j.updated_at
          and j.task_identifier collate "C" > untaken_tasks.task
        order by j.task_identifier collate "C"
        limit 1
      )
      union all
      (
        select q.task_identifier
        from app_jobs.job_queues as q
        where q.closed_until is null and q.task_identifier collate "C" > untaken_tasks.task
        order by q.task_identifier collate "C"
        limit 1
      )
      union all
      (
        select come_due.task_identifier
        from (
          select j.task_identifier
          from app_jobs.jobs as j
          where j.locked_at is null and j.attempts < j.max_attempts and j.run_at > j.updated_at and j.run_at <= now()
          order by j.run_at
          limit 1000
        ) as come_due
        where come_due.task_identifier collate "C" > untaken_tasks.task
      )
    ) as next;
    exit when task is null;

    seen := seen + 1;
    if not exists (
      select
      from app_jobs.workers as w
      where w.lease_until > now()
        and (w.tasks is null or untaken_tasks.task = any (w.tasks))
        and untaken_tasks.task <> all (w.excluded)
    ) then
      select count(*), min(waiting.run_at)
      into due, since
      from (
        (
          select j.run_at
          from app_jobs.jobs as j
          where j.locked_at is null
            and j.attempts < j.max_attempts
            and j.queue_name is null
            and j.run_at <= j.updated_at
            and j.task_identifier collate "C" = untaken_tasks.task
          order by j.task_identifier collate "C", j.priority, j.run_at, j.id
          limit 10000
        )
        union all
        (
          select j.run_at
          from (
            select q.queue_name
            from app_jobs.job_queues as q
            where q.closed_until is null and q.task_identifier collate "C" = untaken_tasks.task
            order by q.task_identifier collate "C", q.next_priority, q.next_run_at, q.queue_name
            limit 1000
          ) as lane
          cross join lateral (
            select j.run_at
            from app_jobs.jobs as j
            where j.queue_name = lane.queue_name
              and j.task_identifier collate "C" = untaken_tasks.task
              and j.locked_at is null
              and j.attempts < j.max_attempts
              and j.run_at <= j.updated_at
            limit 1000
          ) as j
          limit 10000
        )
        union all
        (
          select come_due.run_at
          from (
            select j.run_at, j.task_identifier
            from app_jobs.jobs as j
            where j.locked_at is null and j.attempts < j.max_attempts and j.run_at > j.updated_at and j.run_at <= now()
            order by j.run_at
            limit 1000
          ) as come_due
          where come_due.task_identifier = untaken_tasks.task
        )
      ) as waiting;
      due := least(due, 10000);
      return next;
      at_most := at_most - 1;
    end if;
  end loop;
end;
$$;

comment on function app_jobs.untaken_tasks(integer) is
  'Tasks of which jobs are due and that no living worker takes, in the order of their names, at most so many: how many jobs of each are '
  'due, counted up to 10,000, and since when the oldest of them. Looks at 10,000 tasks at most.';

revoke all on function app_jobs.untaken_tasks(integer) from public;
