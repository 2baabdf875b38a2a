-- What is derived from jobs, or has to agree with it, may come apart from it: by a restore of some tables alone, by rows that were copied
-- in without triggers (logical replication, session_replication_role = replica), by a hand in the tables. repair finds and mends that. Every
-- worker calls it every few minutes, and so may an operator.
--
-- A check is a function repair_NAME(row_limit, place) and its name in repair(). It looks at no more rows in one call than it is told, goes on
-- at the place where its last call ended (null: from the beginning), and gives how much it has mended, and what it could not.
create table app_jobs.repairs (
  check_name text not null,
  place text,
  repaired bigint not null default 0,
  repaired_at timestamptz,
  fault text,
  constraint repairs_pkey primary key (check_name)
);

comment on table app_jobs.repairs is 'What repair has found, a row a check.';
comment on column app_jobs.repairs.check_name is 'The check: the function repair_NAME.';
comment on column app_jobs.repairs.place is 'Where its next call goes on; null where that begins anew.';
comment on column app_jobs.repairs.repaired is 'How much it has mended so far.';
comment on column app_jobs.repairs.repaired_at is 'When it last mended anything.';
comment on column app_jobs.repairs.fault is 'What its last call could not mend, and why; null where all is well.';

-- Leases whose worker's row is gone: no beat keeps them and no rescue finds them. And workers whose lease lasts longer than a beat can
-- make it, as after the server's clock was set back: theirs ends when it would without beats from now on.
create function app_jobs.repair_leases(row_limit integer, inout place text, out repaired bigint, out fault text)
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
  lost bigint[];
begin
  update app_jobs.workers as w
  set lease_until = now() + make_interval(secs => w.lease_seconds)
  where w.lease_until > now() + make_interval(secs => w.lease_seconds) + interval '1 minute';
  get diagnostics repaired = row_count;

  lost := array(
    select j.id
    from app_jobs.jobs as j
    where j.locked_at is not null
      and j.worker_run is not null
      and (
        select true
        from app_jobs.workers as w
        where w.run = j.worker_run
      ) is null
    limit least(row_limit, 1000)
    for update skip locked
  );
  -- Asked again with the rows in our hands: a worker may have come and claimed one meanwhile.
  lost := array(
    select j.id
    from app_jobs.jobs as j
    where j.id = any (lost)
      and (
        select true
        from app_jobs.workers as w
        where w.run = j.worker_run
      ) is null
    order by j.id
  );
  repaired := repaired + (
    select count(*)
    from app_jobs.take_back(lost)
  );
end;
$$;

comment on function app_jobs.repair_leases(integer, text) is 'Takes back jobs whose worker''s row is gone; see repair.';

revoke all on function app_jobs.repair_leases(integer, text) from public;

-- Lanes of serial queues that no row stands for, since their jobs came in without triggers; and rows that stay parked for a job that is
-- gone. The place is the last lane that was looked at, as a JSON array of its queue and its task.
create function app_jobs.repair_queues(row_limit integer, inout place text, out repaired bigint, out fault text)
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set enable_sort = off
as $$
declare
  at_queue text := coalesce(place::json ->> 0, '');
  at_task text := coalesce(place::json ->> 1, '');
  head record;
begin
  update app_jobs.job_queues as q
  set closed_until = null
  where q.ctid = any (array(
    select parked.ctid
    from app_jobs.job_queues as parked
    where parked.closed_until = 'infinity'
      and (
        select true
        from app_jobs.jobs as j
        where j.queue_name = parked.queue_name and j.locked_at is not null and j.parked_queue
        limit 1
      ) is null
    limit row_limit
    for update skip locked
  ));
  get diagnostics repaired = row_count;

  place := null;
  for n in 1..row_limit loop
    select j.queue_name, j.task_identifier, j.priority, j.run_at
    into head
    from app_jobs.jobs as j
    where j.locked_at is null
      and j.attempts < j.max_attempts
      and j.queue_name is not null
      and j.run_at <= j.updated_at
      and (j.queue_name, j.task_identifier collate "C") > (at_queue, at_task)
    order by j.queue_name, j.task_identifier collate "C", j.priority, j.run_at
    limit 1;
    if not found then
      return;
    end if;

    at_queue := head.queue_name;
    at_task := head.task_identifier;
    continue when exists (
      select
      from app_jobs.job_queues as q
      where q.queue_name = at_queue
        and q.task_identifier = at_task
        and (q.next_priority, q.next_run_at) <= (head.priority, head.run_at)
        and (q.closed_until is null or q.closed_until > now())
    );
    perform app_jobs.note_queue(at_queue, at_task, head.priority, head.run_at);
    repaired := repaired + 1;
  end loop;
  place := json_build_array(at_queue, at_task)::text;
end;
$$;

comment on function app_jobs.repair_queues(integer, text) is 'Makes lanes of serial queues known that have ready jobs; see repair.';

revoke all on function app_jobs.repair_queues(integer, text) from public;

-- Dead jobs that are still in jobs: something kept them from moving (tg_job_died), or they came in so. Any update that names attempts
-- fires the trigger that moves them. They have no index, which every job would pay for: this goes along all jobs, ten times as many
-- as it is told, since it reads of each a few numbers alone.
create function app_jobs.repair_dead(row_limit integer, inout place text, out repaired bigint, out fault text)
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
as $$
declare
  -- Each is a subtransaction of its own.
  most constant integer := 1000;
  looked_at bigint;
  last_id bigint;
  stuck bigint[];
begin
  select count(*), max(j.id), (array_agg(j.id order by j.id) filter (where j.is_dead))[1:most]
  into looked_at, last_id, stuck
  from (
    select jobs.id, jobs.locked_at is null and jobs.attempts >= jobs.max_attempts as is_dead
    from app_jobs.jobs
    where jobs.id > coalesce(place::bigint, -9223372036854775808)
    order by jobs.id
    limit 10::bigint * row_limit
  ) as j;
  place := case
    when cardinality(stuck) = most then stuck[most]
    when looked_at = 10::bigint * row_limit then last_id
  end;

  stuck := array(
    select j.id
    from app_jobs.jobs as j
    where j.id = any (stuck) and j.locked_at is null and j.attempts >= j.max_attempts
    order by j.id
    for update skip locked
  );
  if cardinality(stuck) > 0 then
    update app_jobs.jobs as j
    set attempts = j.attempts
    where j.id = any (stuck);
  end if;
  repaired := cardinality(stuck) - (
    select count(*)
    from app_jobs.jobs as j
    where j.id = any (stuck)
  );
  select format('job %s: %s', j.id, split_part(j.last_error, chr(10), 1))
  into fault
  from app_jobs.jobs as j
  where j.id = any (stuck)
  order by j.id
  limit 1;
end;
$$;

comment on function app_jobs.repair_dead(integer, text) is 'Moves dead jobs to dead_jobs that are still in jobs; see repair.';

revoke all on function app_jobs.repair_dead(integer, text) from public;

create function app_jobs.repair_histories(row_limit integer, inout place text, out repaired bigint, out fault text)
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
  ids bigint[];
begin
  with recursive job as (
    (
      select a.job_id, 1 as n
      from app_jobs.job_attempts as a
      where a.job_id > coalesce(place::bigint, -9223372036854775808)
      order by a.job_id
      limit 1
    )
    union all
    select following.job_id, job.n + 1
    from job
    cross join lateral (
      select a.job_id
      from app_jobs.job_attempts as a
      where a.job_id > job.job_id
      order by a.job_id
      limit 1
    ) as following
    where job.n < row_limit
  )
  select array_agg(job.job_id)
  into ids
  from job;
  place := case when cardinality(ids) = row_limit then ids[row_limit] end;

  delete from app_jobs.job_attempts as a
  where a.job_id = any (ids)
    and (
      select true
      from app_jobs.jobs as j
      where j.id = a.job_id
    ) is null
    and (
      select true
      from app_jobs.dead_jobs as d
      where d.id = a.job_id
    ) is null;
  get diagnostics repaired = row_count;
end;
$$;

comment on function app_jobs.repair_histories(integer, text) is 'Removes what job_attempts has of jobs that are gone; see repair.';

revoke all on function app_jobs.repair_histories(integer, text) from public;

-- Without a key no request can be made, as none has a callback URL.
create function app_jobs.repair_callback_keys(row_limit integer, inout place text, out repaired bigint, out fault text)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  repaired := 0;
  if not exists (
    select
    from app_jobs.callback_keys
  ) then
    insert into app_jobs.callback_keys default values;
    repaired := 1;
  end if;
end;
$$;

comment on function app_jobs.repair_callback_keys(integer, text) is 'Makes a key for callback tokens where there is none; see repair.';

revoke all on function app_jobs.repair_callback_keys(integer, text) from public;

-- A sequence is left behind by rows that bring their numbers along. The look at the largest number is one step along an index; the
-- sequence goes some way past it, since others may be drawing from it at this moment, and it is never to go back.
create function app_jobs.raise_sequence(relation regclass, highest bigint) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  sequence constant regclass := pg_get_serial_sequence(relation::text, 'id');
begin
  if coalesce(highest, 0) <= coalesce(pg_sequence_last_value(sequence), 0) then
    return false;
  end if;
  perform setval(sequence, highest + 1000);
  return true;
end;
$$;

comment on function app_jobs.raise_sequence(regclass, bigint) is
  'Lets the ids of a table go on above this number, unless they do; gives whether they did not.';

revoke all on function app_jobs.raise_sequence(regclass, bigint) from public;

create function app_jobs.repair_sequences(row_limit integer, inout place text, out repaired bigint, out fault text)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  repaired := app_jobs.raise_sequence('app_jobs.jobs', greatest(
      (select max(j.id) from app_jobs.jobs as j),
      (select max(d.id) from app_jobs.dead_jobs as d),
      (select max(c.id) from app_jobs.completed_jobs as c),
      (select max(a.job_id) from app_jobs.job_attempts as a)
    ))::integer
    + app_jobs.raise_sequence('app_jobs.scheduled_jobs', (select max(s.id) from app_jobs.scheduled_jobs as s))::integer
    -- Their numbers have no index of their own: those of the latest jobs tell whether to look at all of them.
    + app_jobs.raise_sequence('app_jobs.job_attempts', (
      select case
        when max(latest.id) > coalesce(pg_sequence_last_value('app_jobs.job_attempts_id_seq'), 0)
          then (select max(a.id) from app_jobs.job_attempts as a)
      end
      from (
        select a.id
        from app_jobs.job_attempts as a
        order by a.job_id desc, a.id desc
        limit row_limit
      ) as latest
    ))::integer
    + app_jobs.raise_sequence('app_jobs.job_queues', (
      select case
        when max(sample.id) > coalesce(pg_sequence_last_value('app_jobs.job_queues_id_seq'), 0)
          then (select max(q.id) from app_jobs.job_queues as q)
      end
      from (
        select q.id
        from app_jobs.job_queues as q
        limit row_limit
      ) as sample
    ))::integer;
end;
$$;

comment on function app_jobs.repair_sequences(integer, text) is 'Lets ids go on above those that there are; see repair.';

revoke all on function app_jobs.repair_sequences(integer, text) from public;

create function app_jobs.free_job_id() returns bigint
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform app_jobs.repair_sequences(1000, null);
  return nextval('app_jobs.jobs_id_seq');
end;
$$;

comment on function app_jobs.free_job_id() is
  'Gives an id that no job has or had, where the next one of the sequence may be taken. Runs with the owner''s rights.';

revoke all on function app_jobs.free_job_id() from public;

-- A check that fails keeps no other from its work.
create function app_jobs.repair(row_limit integer default 10000)
returns table (check_name text, repaired bigint, fault text)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set lock_timeout = '200ms'
as $$
declare
  checks constant text[] := '{leases, queues, dead, histories, callback_keys, sequences}';
  -- Any number will do that other users of advisory locks are unlikely to choose.
  repair_lock constant bigint := 7723391404;
  next_place text;
begin
  -- One is enough. The next call comes soon.
  if not pg_try_advisory_xact_lock(repair_lock) then
    return;
  end if;

  foreach check_name in array checks loop
    next_place := (select r.place from app_jobs.repairs as r where r.check_name = repair.check_name);
    begin
      execute format('select * from app_jobs.%I($1, $2)', 'repair_' || check_name)
      into next_place, repaired, fault
      using greatest(row_limit, 1), next_place;
    exception
      when others then
        repaired := 0;
        fault := sqlerrm;
    end;

    insert into app_jobs.repairs as r (check_name, place, repaired, repaired_at, fault)
    values (repair.check_name, next_place, repair.repaired, case when repair.repaired > 0 then now() end, repair.fault)
    on conflict on constraint repairs_pkey do update
    set place = excluded.place,
      repaired = r.repaired + excluded.repaired,
      repaired_at = coalesce(excluded.repaired_at, r.repaired_at),
      -- Of a look that is not at its end yet, what an earlier part has found stands.
      fault = case when excluded.place is null then excluded.fault else coalesce(excluded.fault, r.fault) end
    where (r.place, r.fault) is distinct from (excluded.place, excluded.fault) or excluded.repaired > 0;

    if repaired > 0 or fault is not null then
      return next;
    end if;
  end loop;
end;
$$;

comment on function app_jobs.repair(integer) is
  'Finds and mends what does not agree with jobs: leases without a worker, serial queues that nothing stands for, dead jobs that are not '
  'in dead_jobs, histories of jobs that are gone, a missing callback key, sequences that rows have overtaken. Gives a row for each '
  'check that mended something, or could not: fault says why. Looks at row_limit rows a check and goes on from there the next '
  'time. Runs with the owner''s rights; workers call it every few minutes.';

revoke all on function app_jobs.repair(integer) from public;
