-- How the jobs of one task differ from the rest: a row a task, and null for what is as everywhere. Claims do not read it. What ends
-- an attempt reads it by its key (fail_leases, accept_leases, callback_job, rescue_jobs), so that a change holds at once;
-- workers hear of what a request needs by notification or with their next beat (worker_orders).
create table app_jobs.task_policies (
  task_identifier text not null,
  timeout_seconds double precision,
  max_attempts integer,
  backoff_base_seconds double precision,
  backoff_factor double precision,
  backoff_max_seconds double precision,
  callback_seconds double precision,
  unreachable_hours double precision,
  updated_at timestamptz not null default now(),
  constraint task_policies_pkey primary key (task_identifier),
  constraint task_policies_task_identifier_length check (length(task_identifier) between 1 and 126),
  constraint task_policies_timeout_in_range check (timeout_seconds between 0.05 and 86400),
  constraint task_policies_max_attempts_positive check (max_attempts > 0),
  constraint task_policies_backoff_base_in_range check (backoff_base_seconds between 0.001 and 2592000),
  constraint task_policies_backoff_factor_in_range check (backoff_factor between 1 and 100),
  constraint task_policies_backoff_max_in_range check (backoff_max_seconds between 0.001 and 2592000),
  constraint task_policies_callback_in_range check (callback_seconds between 0.05 and 2592000),
  constraint task_policies_unreachable_in_range check (unreachable_hours between 0 and 8760)
);

comment on table app_jobs.task_policies is 'Tasks for which the defaults do not fit; a null is the default. See set_task_policy.';
comment on column app_jobs.task_policies.task_identifier is 'The task, as in jobs.task_identifier.';
comment on column app_jobs.task_policies.timeout_seconds is
  'How long its function may take to answer; in place of JOBS_TIMEOUT_SECONDS.';
comment on column app_jobs.task_policies.max_attempts is
  'Its jobs are dead after so many failed attempts, where their own max_attempts is not lower still.';
comment on column app_jobs.task_policies.backoff_base_seconds is 'Longest wait after the first failed attempt; 2.72 by default.';
comment on column app_jobs.task_policies.backoff_factor is 'How that grows with each further attempt; 2.72-fold by default.';
comment on column app_jobs.task_policies.backoff_max_seconds is 'It grows no further than this; 22026 by default.';
comment on column app_jobs.task_policies.callback_seconds is
  'How long its function may take until its next callback after a 202; in place of JOBS_CALLBACK_TIMEOUT_SECONDS.';
comment on column app_jobs.task_policies.unreachable_hours is
  'How long its function may be out of reach before tries count as attempts; in place of JOBS_UNREACHABLE_HOURS.';
comment on column app_jobs.task_policies.updated_at is 'When the policy was last set.';

-- Full jitter: a wait drawn evenly from the whole range below the exponential, so that jobs that failed together do not come
-- back together. Its lower end is a second, or half of the exponential where that is less, since a retry at once would meet
-- what the attempt before it met. In logarithms, as 100^attempts has no end.
create function app_jobs.backoff_seconds(
  attempts integer,
  base_seconds double precision,
  factor double precision,
  max_seconds double precision
) returns double precision
language sql
volatile
parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select least(1, longest / 2) + (longest - least(1, longest / 2)) * random()
  from (
    select exp(
      least(
        coalesce(ln(base_seconds), 1) + (greatest(attempts, 1) - 1) * coalesce(ln(factor), 1),
        coalesce(ln(max_seconds), 10)
      )
    ) as longest
  ) as exponential;
$$;

comment on function app_jobs.backoff_seconds(integer, double precision, double precision, double precision) is
  'Seconds to wait after this many failed attempts: evenly between one second and base_seconds × factor^(attempts - 1), which '
  'max_seconds bounds. A null is the default: e, e, e^10.';

revoke all on function app_jobs.backoff_seconds(integer, double precision, double precision, double precision) from public;

-- The exponential e^n, from 2.7 seconds to 6.1 hours at n = 10, is the one that users of the seed's system know.
create function app_jobs.backoff_seconds(attempts integer) returns double precision
language sql
volatile
parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select 1 + (exp(least(greatest(backoff_seconds.attempts, 1), 10)::double precision) - 1) * random();
$$;

comment on function app_jobs.backoff_seconds(integer) is
  'Seconds to wait after this many failed attempts where the task has no policy: between one second and e^attempts (attempts up '
  'to 10).';

revoke all on function app_jobs.backoff_seconds(integer) from public;

create function app_jobs.backoff_of(job app_jobs.jobs) returns double precision
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
  select case
    when p.task_identifier is null then app_jobs.backoff_seconds(job.attempts)
    else app_jobs.backoff_seconds(job.attempts, p.backoff_base_seconds, p.backoff_factor, p.backoff_max_seconds)
  end
  from (select) as one
  left join app_jobs.task_policies as p on p.task_identifier = job.task_identifier;
$$;

comment on function app_jobs.backoff_of(app_jobs.jobs) is
  'Seconds that a job waits whose attempt has failed, by the policy of its task.';

revoke all on function app_jobs.backoff_of(app_jobs.jobs) from public;

-- The limit of a job that stays alive is left as it is, since its task's policy may change.
create function app_jobs.attempt_limit(job app_jobs.jobs) returns integer
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
  select case when job.attempts >= p.max_attempts then least(job.attempts, job.max_attempts) else job.max_attempts end
  from (select) as one
  left join app_jobs.task_policies as p on p.task_identifier = job.task_identifier;
$$;

comment on function app_jobs.attempt_limit(app_jobs.jobs) is
  'The max_attempts of a job whose attempt has failed: its own, or what it has had where the policy of its task grants no more.';

revoke all on function app_jobs.attempt_limit(app_jobs.jobs) from public;
