-- One row a run of a worker process. The row is the lease of every job that this run has claimed: one write a beat,
-- whatever the number of jobs. A second process under the same worker_id is another run.
create table app_jobs.workers (
  run uuid not null,
  worker_id text not null,
  lease_seconds double precision not null,
  started_at timestamptz not null default now(),
  lease_until timestamptz not null,
  sleeps_until timestamptz,
  strays_call bigint not null default 0,
  tasks text[],
  excluded text[] not null default '{}',
  constraint workers_pkey primary key (run),
  constraint workers_lease_seconds_positive check (lease_seconds > 0)
);

comment on table app_jobs.workers is 'Worker processes that are alive, or were until their lease ended.';
comment on column app_jobs.workers.run is 'Random id of one run of one process.';
comment on column app_jobs.workers.worker_id is 'Name that the operator gave it (HOSTNAME); jobs.locked_by shows it.';
comment on column app_jobs.workers.lease_seconds is 'How long a beat keeps its jobs, in seconds.';
comment on column app_jobs.workers.started_at is 'When the run registered itself.';
comment on column app_jobs.workers.lease_until is 'Its jobs are taken back after this time, by the database''s clock.';
comment on column app_jobs.workers.sleeps_until is
  'Until when it sleeps unless notified; null while it looks by itself. See wake_workers.';
comment on column app_jobs.workers.strays_call is 'Number of its latest call of release_strays: an earlier one that arrives late does nothing.';
comment on column app_jobs.workers.tasks is 'The tasks that it takes; null for every task. See untaken_tasks.';
comment on column app_jobs.workers.excluded is 'The tasks that it leaves out of those.';
