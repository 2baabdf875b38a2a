-- A cancelled job is dead the moment it is cancelled, whether it waited or ran: its lease ends there and then, so its serial queue
-- goes on, its key is free, and no outcome or callback of it counts. What its worker and its function still do about it is
-- their affair; the worker is told, so that it stops.
--
-- Telling: a row here for each lease of a worker run, and a notification. A worker asks for the rows of its run when notified
-- and with every beat, and breaks the requests off. Rows are not taken away by being read, as an answer may be lost: they are
-- given for two lengths of the worker's lease, in which a beat gets through or the worker lets go of all its jobs.
create table app_jobs.cancelled_leases (
  worker_run uuid not null,
  job_id bigint not null,
  lease_token uuid not null,
  cancelled_at timestamptz not null default now(),
  constraint cancelled_leases_pkey primary key (worker_run, job_id, lease_token)
);

comment on table app_jobs.cancelled_leases is 'Leases that ended because their job was cancelled, for the worker that had them.';
comment on column app_jobs.cancelled_leases.worker_run is 'Run of the worker that had the lease.';
comment on column app_jobs.cancelled_leases.job_id is 'The job.';
comment on column app_jobs.cancelled_leases.lease_token is 'Token of the lease.';
comment on column app_jobs.cancelled_leases.cancelled_at is 'When it was cancelled; kept for twice the longest lease, two hours.';

-- Serves cancel_jobs: those that no worker is told of any more.
create index cancelled_leases_age_idx on app_jobs.cancelled_leases (cancelled_at);
comment on index app_jobs.cancelled_leases_age_idx is 'Cancelled leases, the oldest first.';

create function app_jobs.cancel_jobs(job_ids bigint[], reason text default null) returns setof app_jobs.jobs
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
declare
  message constant text := coalesce(cancel_jobs.reason, 'Cancelled.');
  held bigint[];
  has_leased boolean;
begin
  -- Chosen once. Whoever ends one of them at the same time has it first, or finds no lease.
  held := array(
    select j.id
    from app_jobs.jobs as j
    where j.id = any (job_ids)
    order by j.id
    for update
  );

  select count(*) > 0
  into has_leased
  from app_jobs.jobs as j
  where j.id = any (held) and j.locked_at is not null;

  if has_leased then
    delete from app_jobs.cancelled_leases as c
    where c.cancelled_at < now() - interval '2 hours';

    insert into app_jobs.cancelled_leases (worker_run, job_id, lease_token)
    select j.worker_run, j.id, j.lease_token
    from app_jobs.jobs as j
    where j.id = any (held) and j.locked_at is not null and j.worker_run is not null;
    if found then
      perform app_jobs.notify('jobs:orders');
    end if;
  end if;

  perform app_jobs.record_attempts(array(
    select
      case
        when j.locked_at is null then app_jobs.operator_attempt(j, message)
        else app_jobs.ended_attempt(j, 'cancelled', message)
      end
    from app_jobs.jobs as j
    where j.id = any (held)
  ));

  return query
  update app_jobs.jobs as j
  set last_error = message,
    has_history = true,
    attempts = j.max_attempts,
    death = 'cancelled',
    locked_at = null,
    locked_by = null,
    lease_token = null,
    worker_run = null,
    lease_seconds = null,
    accepted_at = null,
    updated_at = now()
  where j.id = any (held)
  returning j.*;

  -- The next job of a serial queue may be due.
  if has_leased then
    perform app_jobs.wake_workers('-infinity');
  end if;
end;
$$;

comment on function app_jobs.cancel_jobs(bigint[], text) is
  'Moves jobs to dead_jobs, those that run too, and gives their rows; reason becomes their last_error. The request of a running '
  'one is broken off by its worker, at the latest with its next beat; whatever its function answers or calls back changes '
  'nothing. Ids of no job in jobs are passed over.';

revoke all on function app_jobs.cancel_jobs(bigint[], text) from public;

create function app_jobs.worker_orders(run uuid) returns json
language sql
stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
as $$
  select json_build_object(
    'cancelled',
    (
      select coalesce(json_agg(json_build_object('jobId', c.job_id::text, 'leaseToken', c.lease_token)), '[]')
      from app_jobs.cancelled_leases as c
      inner join app_jobs.workers as w on w.run = c.worker_run
      where c.worker_run = worker_orders.run and c.cancelled_at > now() - make_interval(secs => 2 * w.lease_seconds)
    ),
    'policies',
    (
      select coalesce(
        json_agg(
          json_build_object(
            'task', p.task_identifier, 'timeoutSeconds', p.timeout_seconds, 'maxAttempts', p.max_attempts
          )
        ),
        '[]'
      )
      from app_jobs.task_policies as p
      where p.timeout_seconds is not null or p.max_attempts is not null
    )
  );
$$;

comment on function app_jobs.worker_orders(uuid) is
  'What a worker run is to know with each beat: {"cancelled": [{"jobId": text, "leaseToken": uuid}], "policies": [{"task": text, '
  '"timeoutSeconds": number, "maxAttempts": number}]}. Leases that were cancelled are given for two lengths of its lease.';

revoke all on function app_jobs.worker_orders(uuid) from public;
