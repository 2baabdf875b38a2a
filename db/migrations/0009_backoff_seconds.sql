-- Half of the exponential, plus a random share of the other half: retries of jobs that failed together spread out, and
-- none comes at once. The exponential e^n, from 2.7 seconds to 6.1 hours at n = 10, is the one that users of the
-- seed's system know.
create function app_jobs.backoff_seconds(attempts integer) returns double precision
language sql
volatile
parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select exp(least(greatest(backoff_seconds.attempts, 1), 10)::double precision) * (0.5 + 0.5 * random());
$$;

comment on function app_jobs.backoff_seconds(integer) is
  'Seconds to wait after this many failed attempts: e^attempts (attempts up to 10), with jitter from half of it up.';

revoke all on function app_jobs.backoff_seconds(integer) from public;
