-- A NOTIFY is worth it only where somebody sleeps: every transaction that commits one takes a lock of the whole server, one
-- at a time (16 connections: 3,200 enqueues a second with it, 11,000 where this table is asked first).
--
-- Problem: a worker may go to sleep while an enqueue is under way, which saw it awake and will not notify. The worker keeps
-- the promise, at no cost to enqueuers: it says that it sleeps (workers.sleeps_until), commits that, notes which
-- transactions began before, and looks again until the last of those has ended (services/worker/rest.ts). One that began
-- to write later asks here later still, in a new snapshot, and sees it asleep. A snapshot kept since the start of a
-- transaction (repeatable read, serializable) may be too old for that, so such a transaction always notifies.
--
-- jobs.notify = 'never' leaves everything to polling, for databases where a NOTIFY may fail whoever enqueues: a transaction that is
-- prepared (two-phase commit) may not hold one, and one that commits while a listener stands still and the queue of
-- notifications is full is rolled back. `alter database … set` tells services too, which then look once a second.
--
-- Where no worker of ours is registered, whoever listens is not known, so everything that is due notifies; the setting
-- jobs.notify = 'always' (alter database … set) gives the same beside ours. A job in the future notifies only a worker
-- that would sleep past it.
create function app_jobs.notify(channel text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if current_setting('jobs.notify', true) is distinct from 'never' then
    perform pg_notify(channel, '');
  end if;
end;
$$;

comment on function app_jobs.notify(text) is 'Notifies a channel, unless the setting jobs.notify is never.';

revoke all on function app_jobs.notify(text) from public;

create function app_jobs.wake_workers(due timestamptz) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (
      select
      from app_jobs.workers as w
      where w.sleeps_until > wake_workers.due
    )
    or current_setting('transaction_isolation') <> 'read committed'
    or (
      wake_workers.due <= now()
      and (
        current_setting('jobs.notify', true) = 'always'
        or not exists (
          select
          from app_jobs.workers as w
          where w.lease_until > now()
        )
      )
    )
  then
    perform app_jobs.notify('jobs:insert');
  end if;
end;
$$;

comment on function app_jobs.wake_workers(timestamptz) is
  'Notifies jobs:insert if somebody may sleep past a job that is due then; -infinity where that is not known.';

revoke all on function app_jobs.wake_workers(timestamptz) from public;
