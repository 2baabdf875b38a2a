-- The claim. Everything that takes a lease goes through here: get_jobs for our worker, get_job for plain callers.
--
-- What a claim reads is bounded, whatever lies in the table: it reads ready jobs alone (the indexes leave delayed ones out), stops
-- when it has enough, and passes what its worker leaves out by the lane. A lane is the ready jobs of one task, or of one task in one serial
-- queue: a range of an index.
--
-- claim_jobs makes ready what has become due, has claim_free lock jobs without a queue and claim_heads those of serial queues, and
-- leases the best of them. Their plans are relied on, whatever the statistics say (Limit > LockRows > Index Scan, no sort,
-- and the update by jobs_pkey), and kept by the settings of claim_jobs, which hold within what it calls: a plan made while the
-- table was small would stay after a bulk insert, until the next ANALYZE. They are made once, since planning costs more than such a
-- scan. What reads a lane is ordered by its whole index, so that no other index and no sort can stand in for it.
create type app_jobs.claim_row as (
  kind text,
  id bigint,
  database_id uuid,
  task_identifier text,
  payload json,
  attempts integer,
  max_attempts integer,
  priority integer,
  run_at timestamptz,
  queue_name text,
  lease_token uuid,
  created_at timestamptz,
  traceparent text,
  tracestate text,
  schedule_id bigint,
  scheduled_at timestamptz,
  revision integer,
  blocks bigint
);

comment on type app_jobs.claim_row is
  'A row of get_jobs. kind says what it is: job, one that was leased, with the columns of jobs by their names; refused, the id of a '
  'completion whose lease had passed on; more, that the claim was bounded by bytes or by what had just come due, so that more may be '
  'ready; looked, how many blocks it touched.';

-- By one step along an index for each task that has something ready, left out or not. Of more than 256 tasks that many are given, and the
-- next call on the same connection goes on behind them: then the order of the claim holds among those that had their turn.
create function app_jobs.claimable_tasks(is_serial boolean, excluded_tasks text[]) returns text[]
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  steps_limit constant integer := 256 + coalesce(cardinality(excluded_tasks), 0);
  cursor_name constant text := case when is_serial then 'jobs.lane_cursor' else 'jobs.task_cursor' end;
  start constant text := coalesce(current_setting(cursor_name, true), '');
  task text := start;
  has_wrapped boolean := start = '';
  found_tasks text[] := '{}';
begin
  for step in 1..steps_limit loop
    if is_serial then
      select q.task_identifier
      into task
      from app_jobs.job_queues as q
      where q.closed_until is null and q.task_identifier collate "C" > task
      order by q.task_identifier collate "C"
      limit 1;
    else
      select j.task_identifier
      into task
      from app_jobs.jobs as j
      where j.locked_at is null
        and j.attempts < j.max_attempts
        and j.queue_name is null
        and j.run_at <= j.updated_at
        and j.task_identifier collate "C" > task
      order by j.task_identifier collate "C"
      limit 1;
    end if;
    exit when has_wrapped and (task is null or (start <> '' and task collate "C" > start));
    if task is null then
      has_wrapped := true;
      task := '';
    else
      found_tasks := found_tasks || task;
    end if;
  end loop;

  if cardinality(found_tasks) >= steps_limit - 1 then
    perform set_config(cursor_name, found_tasks[cardinality(found_tasks)], false);
  elsif start <> '' then
    perform set_config(cursor_name, '', false);
  end if;
  return array(
    select unnest(found_tasks)
    except
    select unnest(excluded_tasks)
  );
end;
$$;

comment on function app_jobs.claimable_tasks(boolean, text[]) is
  'The tasks that have ready jobs, in serial queues or without a queue, but for excluded_tasks; at most 256, in turn.';

revoke all on function app_jobs.claimable_tasks(boolean, text[]) from public;

-- What is stored compressed may be 255 times as long, by the format of lz4; by pglz a third of that.
create function app_jobs.payload_bound(payload json) returns bigint
language sql
stable
parallel safe
return pg_catalog.pg_column_size(payload)
  * case when pg_catalog.pg_column_compression(payload) is null then 1::bigint else 255::bigint end;

comment on function app_jobs.payload_bound(json) is 'How many bytes a payload has at most, told from its size in storage without reading it.';

revoke all on function app_jobs.payload_bound(json) from public;

create function app_jobs.claim_free(
  tasks text[],
  excluded_tasks text[],
  job_limit integer,
  floors json,
  out ids bigint[],
  out bytes_at_most bigint,
  out is_cut boolean
)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  -- Jobs of several lanes that are read to choose from.
  reads_limit constant integer := 5000;
  lanes record;
  wanted integer;
  each integer;
  candidates bigint[];
  best integer[];
begin
  ids := '{}';
  bytes_at_most := 0;
  select * into lanes from app_jobs.free_lanes(claim_free.tasks, claim_free.excluded_tasks, floors);
  is_cut := lanes.is_cut;

  -- One lane, as there mostly is, is locked as it is read. What others have locked is passed.
  if cardinality(lanes.lane_tasks) = 1 then
    select coalesce(array_agg(taken.id), '{}'), coalesce(sum(taken.bytes), 0)
    into ids, bytes_at_most
    from (
      select j.id, app_jobs.payload_bound(j.payload) as bytes
      from app_jobs.jobs as j
      where j.locked_at is null
        and j.attempts < j.max_attempts
        and j.queue_name is null
        and j.run_at <= j.updated_at
        and j.task_identifier collate "C" = lanes.lane_tasks[1]
        and (j.priority, j.run_at, j.id) >= (lanes.from_priorities[1], lanes.from_times[1], lanes.from_ids[1])
        and j.priority <= lanes.to_priorities[1]
        and j.run_at <= now()
      order by j.task_identifier collate "C", j.priority, j.run_at, j.id
      limit job_limit
      for update skip locked
    ) as taken;
    return;
  end if;

  -- What the best of several have is read without a lock, since most of it is not taken, and then locked where it is still ready.
  best := array(
    select lane.n
    from unnest(lanes.lane_tasks, lanes.from_priorities, lanes.from_times, lanes.from_ids, lanes.to_priorities)
      with ordinality as lane (task, from_priority, from_time, from_id, to_priority, n)
    cross join lateral (
      select j.priority, j.run_at, j.id
      from app_jobs.jobs as j
      where j.locked_at is null
        and j.attempts < j.max_attempts
        and j.queue_name is null
        and j.run_at <= j.updated_at
        and j.task_identifier collate "C" = lane.task
        and (j.priority, j.run_at, j.id) >= (lane.from_priority, lane.from_time, lane.from_id)
        and j.priority <= lane.to_priority
        and j.run_at <= now()
      order by j.task_identifier collate "C", j.priority, j.run_at, j.id
      limit 1
    ) as first
    order by first.priority, first.run_at, first.id
    limit job_limit
  );
  if cardinality(best) = 0 then
    return;
  end if;
  each := least(job_limit, greatest(reads_limit, 2 * job_limit) / cardinality(best) + 1);
  candidates := array(
    select j.id
    from unnest(best) as b (n)
    cross join lateral (
      select j.priority, j.run_at, j.id
      from app_jobs.jobs as j
      where j.locked_at is null
        and j.attempts < j.max_attempts
        and j.queue_name is null
        and j.run_at <= j.updated_at
        and j.task_identifier collate "C" = lanes.lane_tasks[b.n]
        and (j.priority, j.run_at, j.id)
          >= (lanes.from_priorities[b.n], lanes.from_times[b.n], lanes.from_ids[b.n])
        and j.priority <= lanes.to_priorities[b.n]
        and j.run_at <= now()
      order by j.task_identifier collate "C", j.priority, j.run_at, j.id
      limit each
    ) as j
    order by j.priority, j.run_at, j.id
    limit job_limit
  );
  select coalesce(array_agg(taken.id), '{}'), coalesce(sum(taken.bytes), 0)
  into ids, bytes_at_most
  from (
    select j.id, app_jobs.payload_bound(j.payload) as bytes
    from app_jobs.jobs as j
    where j.id = any (candidates)
      and j.locked_at is null
      and j.attempts < j.max_attempts
      and j.queue_name is null
      and j.run_at <= j.updated_at
    for update skip locked
  ) as taken;
  is_cut := is_cut or (cardinality(candidates) < job_limit and each < job_limit);

  -- Others have some of them in their hands, other claims or an application, which may hold any number. So the lanes are locked as they
  -- are read, which passes those, however many, once.
  if cardinality(ids) < cardinality(candidates) then
    wanted := job_limit - cardinality(ids);
    each := least(wanted, greatest(reads_limit / 10, 2 * wanted) / cardinality(lanes.lane_tasks) + 1);
    select ids || coalesce(array_agg(taken.id), '{}'), bytes_at_most + coalesce(sum(taken.bytes), 0), count(*) = wanted or each < wanted
    into ids, bytes_at_most, is_cut
    from (
      select j.id, j.bytes
      from unnest(lanes.lane_tasks, lanes.from_priorities, lanes.from_times, lanes.from_ids, lanes.to_priorities)
        as lane (task, from_priority, from_time, from_id, to_priority)
      cross join lateral (
        select j.priority, j.run_at, j.id, app_jobs.payload_bound(j.payload) as bytes
        from app_jobs.jobs as j
        where j.locked_at is null
          and j.attempts < j.max_attempts
          and j.queue_name is null
          and j.run_at <= j.updated_at
          and j.task_identifier collate "C" = lane.task
          and (j.priority, j.run_at, j.id) >= (lane.from_priority, lane.from_time, lane.from_id)
          and j.priority <= lane.to_priority
          and j.run_at <= now()
          and j.id <> all (ids)
        order by j.task_identifier collate "C", j.priority, j.run_at, j.id
        limit each
        for update skip locked
      ) as j
      order by j.priority, j.run_at, j.id
      limit wanted
    ) as taken;
  end if;
end;
$$;

comment on function app_jobs.claim_free(text[], text[], integer, json) is
  'Locks ready jobs without a queue, at most job_limit, in the order of the claim, and gives their ids and how many bytes '
  'their payloads have at most, and whether there may be more. tasks, excluded_tasks and floors as in claim_jobs.';

revoke all on function app_jobs.claim_free(text[], text[], integer, json) from public;

-- Serial queues: job_queues names the lanes that may have something ready. Of each queue only the head is looked at. Two
-- claims cannot take the same queue: an advisory lock on its name, held until commit, lets one try; the look at its
-- running job comes after, in a new snapshot. jobs_running_queue_idx would refuse what slips through. A head that another
-- transaction is changing is left for a later claim, and is not overtaken: it is chosen without a lock, and then locked if
-- it is still what it was. Lanes whose bound promised a job that is not there are settled, and the next ones are looked
-- at, so that a claim comes back short only when nothing more is due.
--
-- Running queues are passed, and where that were many, those are parked that have been running for long.
create function app_jobs.claim_heads(
  tasks text[],
  excluded_tasks text[],
  job_limit integer,
  out heads bigint[],
  out idle text[],
  out is_cut boolean
)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  -- Any number will do that other users of advisory locks are unlikely to choose.
  queue_lock_class constant integer := 1785686883;
  passed_limit constant integer := 32;
  tried_limit constant integer := 500;
  is_filtered constant boolean := claim_heads.tasks is not null or claim_heads.excluded_tasks is not null;
  lane_tasks text[];
  names text[];
  running text[];
  passed text[] := '{}';
  tried text[] := '{}';
  wanted integer;
  seen integer;
  kept integer;
  opened integer;
  -- Below every priority.
  last_priority bigint := -2147483649;
  last_run_at timestamptz := '-infinity';
  last_name text := '';
begin
  heads := '{}';
  idle := '{}';
  is_cut := false;

  -- Lanes that only an enqueue in flight kept may have a job by now.
  perform
  from app_jobs.job_queues as q
  where q.closed_until <= now()
  limit 1;
  if found then
    update app_jobs.job_queues as q
    set closed_until = null
    where q.ctid = any (array(
      select closed.ctid
      from app_jobs.job_queues as closed
      where closed.closed_until <= now()
      order by closed.closed_until
      limit 100
      for no key update skip locked
    ));
    get diagnostics opened = row_count;
    is_cut := opened = 100;
    -- Who opens a lane need not be who takes its task.
    perform app_jobs.wake_workers('-infinity');
  end if;

  perform
  from app_jobs.job_queues as q
  where q.closed_until is null
  limit 1;
  if not found then
    return;
  end if;

  if is_filtered then
    lane_tasks := array(
      select t.task
      from unnest(coalesce(claim_heads.tasks, app_jobs.claimable_tasks(true, claim_heads.excluded_tasks))) as t (task)
      where claim_heads.excluded_tasks is null or t.task <> all (claim_heads.excluded_tasks)
    );
  end if;

  -- What one statement takes into its hands, the next looks at anew: another claim may have ended in between. Subqueries
  -- and not exists, which may be planned as one look at the jobs of all queues.
  while cardinality(heads) < job_limit loop
    wanted := job_limit - cardinality(heads);
    select
      count(*),
      max(c.row_count),
      array_agg(distinct c.queue_name) filter (where not c.is_running),
      array_agg(c.queue_name) filter (where c.is_running),
      (array_agg(c.next_priority order by c.n))[count(*)],
      (array_agg(c.next_run_at order by c.n))[count(*)],
      (array_agg(c.queue_name order by c.n))[count(*)]
    into kept, seen, names, running, last_priority, last_run_at, last_name
    from (
      select
        looked.*,
        row_number() over in_order as n,
        count(*) over () as row_count,
        count(*) filter (where not looked.is_running) over (in_order rows between unbounded preceding and 1 preceding) as free_before
      from (
        select
          lane.*,
          (
            select true
            from app_jobs.jobs as j
            where j.queue_name = lane.queue_name and j.locked_at is not null
          ) is not null as is_running
        from (
          (
            select q.queue_name, q.next_priority, q.next_run_at
            from app_jobs.job_queues as q
            where not is_filtered
              and q.closed_until is null
              and (q.next_priority, q.next_run_at, q.queue_name) > (last_priority, last_run_at, last_name)
            order by q.next_priority, q.next_run_at, q.queue_name
            limit wanted + passed_limit
          )
          union all
          (
            select q.queue_name, q.next_priority, q.next_run_at
            from unnest(lane_tasks) as t (task)
            cross join lateral (
              select q.queue_name, q.next_priority, q.next_run_at
              from app_jobs.job_queues as q
              where q.task_identifier collate "C" = t.task
                and q.closed_until is null
                and (q.next_priority, q.next_run_at, q.queue_name) > (last_priority, last_run_at, last_name)
              order by q.task_identifier collate "C", q.next_priority, q.next_run_at, q.queue_name
              limit wanted + passed_limit
            ) as q
            order by q.next_priority, q.next_run_at, q.queue_name
            limit wanted + passed_limit
          )
        ) as lane
      ) as looked
      window in_order as (order by looked.next_priority, looked.next_run_at, looked.queue_name)
    ) as c
    where c.free_before < wanted;

    exit when kept = 0;
    passed := passed || coalesce(running, '{}');

    names := array(
      select name
      from unnest(names) as name
      where name <> all (tried) and pg_try_advisory_xact_lock(queue_lock_class, hashtext(name))
    );
    tried := tried || names;

    select
      heads || coalesce(array_agg(c.head_id) filter (where c.head_id is not null), '{}'),
      idle || coalesce(array_agg(c.queue_name) filter (where c.has_idle_lane), '{}')
    into heads, idle
    from (
      select
        one.name as queue_name,
        head.id as head_id,
        lanes.first_id is null or lanes.following_id is null or lanes.has_idle_lane as has_idle_lane
      from unnest(names) as one (name)
      left join lateral (
        select
          (array_agg(lane.id order by lane.priority, lane.run_at, lane.id))[1] as first_id,
          (array_agg(lane.following_id order by lane.priority, lane.run_at, lane.id))[1] as following_id,
          bool_or(lane.id is null) or count(*) > count(distinct lane.task_identifier) as has_idle_lane
        from (
          select q.task_identifier, first.*, following.id as following_id
          from (
            select lane.task_identifier
            from (
              select q.task_identifier, q.next_priority, q.next_run_at
              from app_jobs.job_queues as q
              where q.queue_name = one.name
                and q.closed_until is null
                and (claim_heads.tasks is null or q.task_identifier = any (claim_heads.tasks))
                and (claim_heads.excluded_tasks is null or q.task_identifier <> all (claim_heads.excluded_tasks))
              order by q.queue_name, q.task_identifier, q.id
              limit 1000
            ) as lane
            order by lane.next_priority, lane.next_run_at
            limit 32
          ) as q
          left join lateral (
            select j.id, j.priority, j.run_at
            from app_jobs.jobs as j
            where j.queue_name = one.name
              and j.task_identifier collate "C" = q.task_identifier
              and j.locked_at is null
              and j.attempts < j.max_attempts
              and j.run_at <= j.updated_at
              and j.run_at <= now()
            order by j.priority, j.run_at, j.id
            limit 1
          ) as first on true
          left join lateral (
            select j.id
            from app_jobs.jobs as j
            where j.queue_name = one.name
              and j.task_identifier collate "C" = q.task_identifier
              and j.locked_at is null
              and j.attempts < j.max_attempts
              and j.run_at <= j.updated_at
              and j.id <> first.id
            limit 1
          ) as following on true
        ) as lane
      ) as lanes on true
      left join lateral (
        select j.id
        from app_jobs.jobs as j
        where j.id = lanes.first_id
          and j.queue_name = one.name
          and j.locked_at is null
          and j.attempts < j.max_attempts
          and j.run_at <= j.updated_at
          and (
            select true
            from app_jobs.jobs as busy
            where busy.queue_name = one.name and busy.locked_at is not null
          ) is null
        for update skip locked
      ) as head on true
    ) as c;
    exit when seen < wanted + passed_limit and kept = seen;

    -- Heads that an application has in its hands are passed, but each has cost a lock of the whole server's table of locks.
    if cardinality(tried) >= tried_limit + job_limit then
      is_cut := true;
      exit;
    end if;
  end loop;

  if cardinality(passed) >= passed_limit then
    perform app_jobs.park_queues(array(select distinct name from unnest(passed) as name));
  end if;
end;
$$;

comment on function app_jobs.claim_heads(text[], text[], integer) is
  'Locks the heads of serial queues that are not running, at most job_limit, in the order of the claim, and gives their ids; and the '
  'queues which have lanes that are to be settled once the heads are leased, and whether there may be more. tasks and excluded_tasks as in '
  'claim_jobs.';

revoke all on function app_jobs.claim_heads(text[], text[], integer) from public;

create function app_jobs.claim_jobs(
  worker_id text,
  lease json,
  tasks text[],
  excluded_tasks text[],
  job_limit integer,
  floors json default null,
  max_bytes integer default 8388608
) returns setof app_jobs.claim_row
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_sort = off
set enable_hashjoin = off
set enable_mergejoin = off
set plan_cache_mode = force_generic_plan
as $$
declare
  promoted_limit constant integer := 500;
  promoted bigint[];
  more app_jobs.claim_row;
  is_cut boolean := false;
  serial record;
  free record;
  picked bigint[];
  fitting bigint[] := '{}';
  bytes bigint;
  candidate record;
  -- One for all jobs of a claim: a lease is known by its job and its token, and making one for each costs a tenth of the claim.
  token uuid := gen_random_uuid();
  run uuid := (lease ->> 'run')::uuid;
  seconds double precision := (lease ->> 'seconds')::double precision;
begin
  job_limit := least(job_limit, 10000);
  promoted := array(
    select j.id
    from app_jobs.jobs as j
    where j.locked_at is null and j.attempts < j.max_attempts and j.run_at > j.updated_at and j.run_at <= now()
    order by j.run_at, j.id
    limit promoted_limit
    for update skip locked
  );
  if cardinality(promoted) > 0 then
    update app_jobs.jobs as j
    set updated_at = now()
    where j.id = any (promoted);
  end if;

  select * into serial from app_jobs.claim_heads(claim_jobs.tasks, claim_jobs.excluded_tasks, job_limit);
  select * into free from app_jobs.claim_free(claim_jobs.tasks, claim_jobs.excluded_tasks, job_limit, floors);

  picked := free.ids;
  bytes := free.bytes_at_most;
  if cardinality(serial.heads) > 0 then
    select array_agg(best.id), sum(best.bytes)
    into picked, bytes
    from (
      select j.id, app_jobs.payload_bound(j.payload) as bytes
      from app_jobs.jobs as j
      where j.id = any (serial.heads || free.ids)
      order by j.priority, j.run_at, j.id
      limit job_limit
    ) as best;
  end if;

  -- What its answer holds is bounded, so that it arrives in time on a slow line and its worker can keep it: by at most max_bytes of
  -- payload, or by one job. Payloads are measured only where that may be exceeded, as it reads them.
  if bytes > max_bytes then
    bytes := 0;
    for candidate in
      select j.id, octet_length(j.payload::text) as payload_bytes
      from app_jobs.jobs as j
      where j.id = any (picked)
      order by j.priority, j.run_at, j.id
    loop
      bytes := bytes + candidate.payload_bytes;
      is_cut := bytes > max_bytes and cardinality(fitting) > 0;
      exit when is_cut;
      fitting := fitting || candidate.id;
    end loop;
    picked := fitting;
  end if;

  -- Who promotes a job need not be who takes its task, and then nobody else knows that it is there.
  if not promoted <@ picked then
    perform app_jobs.wake_workers('-infinity');
  end if;

  -- Its leases are its worker's: whoever removes that row waits until they can be seen (rescue_jobs).
  if cardinality(picked) > 0 and claim_jobs.lease ->> 'run' is not null then
    perform
    from app_jobs.workers as w
    where w.run = (claim_jobs.lease ->> 'run')::uuid
    for key share;
    if not found then
      return;
    end if;
  end if;

  return query
  update app_jobs.jobs as j
  set attempts = j.attempts + 1,
    locked_at = now(),
    locked_by = claim_jobs.worker_id,
    lease_token = token,
    worker_run = run,
    lease_seconds = seconds,
    parked_queue = false,
    accepted_at = null,
    progress = null,
    progress_message = null,
    updated_at = now()
  where j.id = any (picked)
  returning
    'job',
    j.id,
    j.database_id,
    j.task_identifier,
    j.payload,
    j.attempts,
    j.max_attempts,
    j.priority,
    j.run_at,
    j.queue_name,
    j.lease_token,
    j.created_at,
    j.traceparent,
    j.tracestate,
    j.schedule_id,
    j.scheduled_at,
    j.revision,
    null::bigint;

  if is_cut or cardinality(promoted) = promoted_limit or (cardinality(picked) > 0 and (serial.is_cut or free.is_cut)) then
    more.kind := 'more';
    return next more;
  end if;

  -- Queues with nothing more to claim need no second look, and those with two rows but one.
  if cardinality(serial.idle) > 0 then
    perform app_jobs.settle_queues(serial.idle);
  end if;
end;
$$;

comment on function app_jobs.claim_jobs(text, json, text[], text[], integer, json, integer) is
  'Leases up to job_limit due jobs, lowest priority number first, then oldest run_at, whose payloads have together no more than max_bytes '
  '(8 MiB), or one job. lease is {"run": uuid} for a beating worker or {"seconds": number}. tasks limits to these task identifiers; '
  'excluded_tasks leaves these out; null for all. floors, [[task, priority, run_at in µs since 1970, id], …], leaves out what comes '
  'before that place in this priority of this task.';

revoke all on function app_jobs.claim_jobs(text, json, text[], text[], integer, json, integer) from public;

-- What a claim passes cannot be told by its time, which a busy machine, a lock or a flush make long as well. Blocks touched can: dead
-- entries of the index by its pages, and those that an old snapshot keeps alive by the rows that each of them needs. The server counts
-- them in this transaction's memory, while track_counts is on, as vacuum needs it to be; off, the answer is 0.
create function app_jobs.blocks_touched() returns bigint
language sql
volatile
return pg_catalog.pg_stat_get_xact_blocks_fetched('app_jobs.jobs'::pg_catalog.regclass)
  + pg_catalog.pg_stat_get_xact_blocks_fetched('app_jobs.jobs_ready_idx'::pg_catalog.regclass);

comment on function app_jobs.blocks_touched() is 'How many blocks of jobs and jobs_ready_idx this transaction has touched so far.';

revoke all on function app_jobs.blocks_touched() from public;

create function app_jobs.get_jobs(
  worker_run uuid,
  job_limit integer,
  task_identifiers text[] default null,
  excluded_task_identifiers text[] default null,
  floors json default null,
  completed_ids bigint[] default null,
  completed_tokens uuid[] default null,
  keep_seconds double precision default null,
  max_bytes integer default 8388608
) returns setof app_jobs.claim_row
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  worker_id text;
  taken bigint[];
  answer app_jobs.claim_row;
  blocks bigint;
begin
  select w.worker_id
  into worker_id
  from app_jobs.workers as w
  where w.run = get_jobs.worker_run and w.lease_until > now();
  if not found then
    raise exception 'LEASE_LOST' using
      errcode = 'object_not_in_prerequisite_state',
      detail = format('Run %s of a worker is not registered, or has not beaten within its lease.', get_jobs.worker_run),
      hint = 'Register a new run with register_worker before claiming.';
  end if;

  if completed_ids is not null then
    if keep_seconds is null then
      taken := array(select app_jobs.complete_leases(completed_ids, completed_tokens));
    else
      taken := array(select app_jobs.keep_leases(completed_ids, completed_tokens, keep_seconds));
    end if;
    if cardinality(taken) < cardinality(completed_ids) then
      for answer.id in
        select refused.id
        from unnest(completed_ids) as refused (id)
        where refused.id <> all (taken)
      loop
        answer.kind := 'refused';
        return next answer;
      end loop;
    end if;
  end if;

  blocks := app_jobs.blocks_touched();
  return query
  select *
  from app_jobs.claim_jobs(
    worker_id,
    json_build_object('run', worker_run),
    task_identifiers,
    excluded_task_identifiers,
    job_limit,
    floors,
    max_bytes
  );
  answer := null;
  answer.kind := 'looked';
  answer.blocks := app_jobs.blocks_touched() - blocks;
  return next answer;
end;
$$;

comment on function app_jobs.get_jobs(uuid, integer, text[], text[], json, bigint[], uuid[], double precision, integer) is
  'Claims up to job_limit jobs for a registered worker run, which keeps them by its beats, and before that completes others, as '
  'complete_leases does, or keep_leases where keep_seconds is given: one round trip for both. What each row is says its kind '
  '(claim_row). floors and max_bytes as in claim_jobs. Raises LEASE_LOST, and then completes none.';

revoke all on function app_jobs.get_jobs(uuid, integer, text[], text[], json, bigint[], uuid[], double precision, integer) from public;

create function app_jobs.get_job(
  worker_id text,
  task_identifiers text[] default null,
  job_expiry interval default '4 hours'
) returns app_jobs.jobs
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  claimed_id bigint;
  job app_jobs.jobs;
begin
  if worker_id is null then
    raise exception 'INVALID_WORKER_ID' using
      errcode = 'null_value_not_allowed',
      detail = 'get_job was called with a null worker_id.',
      hint = 'Pass a name that is this worker''s own.';
  end if;

  -- Callers of this function may be the only workers there are, so it takes back what has expired itself. That this fails keeps nobody
  -- from what waits.
  begin
    perform app_jobs.rescue_jobs();
  exception
    when others then
      raise warning 'JOBS_NOT_TAKEN_BACK' using
        errcode = sqlstate,
        detail = format('Jobs whose lease has ended could not be looked for: %s', sqlerrm);
  end;

  select claimed.id
  into claimed_id
  from app_jobs.claim_jobs(
    get_job.worker_id,
    json_build_object('seconds', extract(epoch from coalesce(get_job.job_expiry, interval '4 hours'))),
    get_job.task_identifiers,
    null,
    1
  ) as claimed
  where claimed.kind = 'job';

  select j.*
  into job
  from app_jobs.jobs as j
  where j.id = claimed_id;
  return job;
end;
$$;

comment on function app_jobs.get_job(text, text[], interval) is
  'Claims one job for a worker that sends no beats and leases it for job_expiry (4 hours). Gives a row of nulls when nothing '
  'is due. Raises INVALID_WORKER_ID.';

revoke all on function app_jobs.get_job(text, text[], interval) from public;
