-- What is ready needs no waiting for: whoever looked and came up short has had all of it. So the next thing that happens by the clock
-- alone is a delayed job that becomes due, or a closed lane that opens. What came due between the caller's look and this call is
-- still to be looked at, which is why the caller says when it looked.
create function app_jobs.next_job_seconds(looked_seconds_ago double precision default 0) returns double precision
language sql
stable
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
as $$
  select extract(epoch from least(
    (
      select j.run_at
      from app_jobs.jobs as j
      where j.locked_at is null
        and j.attempts < j.max_attempts
        and j.run_at > j.updated_at
        and j.run_at > now() - make_interval(secs => looked_seconds_ago)
        and j.run_at < 'infinity'
      order by j.run_at
      limit 1
    ),
    (
      select q.closed_until
      from app_jobs.job_queues as q
      where q.closed_until is not null
        and q.closed_until > now() - make_interval(secs => looked_seconds_ago)
        and q.closed_until < 'infinity'
      order by q.closed_until
      limit 1
    )
  ) - now());
$$;

comment on function app_jobs.next_job_seconds(double precision) is
  'Seconds until the next delayed job is due, by the database''s clock, for a caller that looked for jobs so many seconds ago; zero or less '
  'when one has come due since then, null when none waits for the clock. Ready jobs do not count.';

revoke all on function app_jobs.next_job_seconds(double precision) from public;
