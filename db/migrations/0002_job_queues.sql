-- The lanes of serial queues that may have a ready job: what waits of one task in one queue, and where it begins at the earliest.
--
-- Problem: the tail of a blocked queue must never be looked at, inserting must cost the same however long a queue is, an idle queue
-- must cost nothing, and a worker must pass the queues of tasks that it leaves out without looking into them. So each lane with ready
-- jobs has a row here with a lower bound of its first job, and the claim looks at rows, not at tails.
--
-- Invariant: for each ready job of a serial queue there is a row of its queue and task whose bound (next_priority, next_run_at) is not
-- above the job's own. The bound may be lower than the truth; the claim that finds nothing there corrects it. Delayed jobs need
-- no row: they are noted when they are promoted.
--
-- Concurrency: whoever makes a job ready holds such a row FOR KEY SHARE until commit (note_queue). Raising a bound or
-- deleting the row needs FOR UPDATE (settle_queues), which conflicts with that: so an enqueue that is still in flight is never
-- overlooked. And nobody waits for an enqueuer that stays open, least of all an outcome or a rescue, whose batch holds many
-- jobs: who finds no row that will do, and none to lower that is free at this moment, adds another. Mostly there is one row a
-- lane; a claim that meets two makes them one. Whether a queue is running is not written here: its leased job says so.
--
-- Closed lanes are out of the index that claims read: those of a queue that has been running for long, until its job ends
-- (park_queues), and those that only an enqueue in flight keeps, for a moment (settle_queues).
create table app_jobs.job_queues (
  queue_name text not null,
  task_identifier text not null,
  next_priority integer not null,
  next_run_at timestamptz not null,
  closed_until timestamptz,
  id bigint generated always as identity,
  constraint job_queues_pkey primary key (queue_name, task_identifier, id)
);

comment on table app_jobs.job_queues is 'A row, seldom more, for each task in each serial queue that may have ready jobs.';
comment on column app_jobs.job_queues.queue_name is 'Name of the queue, as in jobs.queue_name.';
comment on column app_jobs.job_queues.task_identifier is 'The task, as in jobs.task_identifier.';
comment on column app_jobs.job_queues.next_priority is
  'With next_run_at the lower bound of the ready jobs that the row stands for: none comes before it in the order of the claim.';
comment on column app_jobs.job_queues.next_run_at is 'See next_priority; it decides where priorities are equal.';
comment on column app_jobs.job_queues.closed_until is
  'Claims leave the row out until then; infinity while its queue''s running job has jobs.parked_queue. Null while it is open.';
comment on column app_jobs.job_queues.id is 'Tells the rows of one lane apart.';

create index job_queues_next_idx on app_jobs.job_queues (next_priority, next_run_at, queue_name)
  where closed_until is null;
comment on index app_jobs.job_queues_next_idx is 'Open lanes in the order in which the claim tries them.';

create index job_queues_task_idx on app_jobs.job_queues (task_identifier collate "C", next_priority, next_run_at, queue_name)
  where closed_until is null;
comment on index app_jobs.job_queues_task_idx is 'Open lanes of one task, for claims that leave tasks out.';

create index job_queues_closed_idx on app_jobs.job_queues (closed_until)
  where closed_until is not null;
comment on index app_jobs.job_queues_closed_idx is 'Closed lanes, the next one to open first.';
