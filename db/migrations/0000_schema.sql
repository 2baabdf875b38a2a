set local lock_timeout = '2s';
-- What everybody may create in public must not stand in for what a default or a constraint means by its name.
set local search_path = pg_catalog, pg_temp;

create schema if not exists app_jobs;

comment on schema app_jobs is
  'Background jobs: enqueue with add_job() inside your own transaction; workers claim, dispatch over HTTP and settle.';

revoke all on schema app_jobs from public;

-- Adding an interval to a timestamptz depends on the session's time zone, so it cannot be indexed; in UTC it can.
--
-- A body after RETURN is read once, when the function is made: no caller's search path gives its names and operators another
-- meaning, and the planner can still put the expression in the call's place, which a pinned path would forbid.
create function app_jobs.lease_end(locked_at timestamptz, lease_seconds double precision) returns timestamptz
language sql
immutable
parallel safe
return (locked_at at time zone 'UTC' + make_interval(secs => coalesce(lease_seconds, 14400))) at time zone 'UTC';

comment on function app_jobs.lease_end(timestamptz, double precision) is
  'When a lease ends that no worker beats for: lease_seconds after locked_at, or four hours (14400) where that is null.';

revoke all on function app_jobs.lease_end(timestamptz, double precision) from public;
