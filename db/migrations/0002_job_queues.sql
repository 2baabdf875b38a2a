-- Which serial queues may have a job to run, and how soon at the earliest.
--
-- Problem: the tail of a blocked queue must never be looked at, inserting must cost the same however long a queue
-- is, and an idle queue must cost nothing. So each queue with waiting jobs has a row here with lower bounds of
-- what waits in it, and the claim looks at rows, not at tails.
--
-- Invariant: for each waiting job there is a row of its queue whose bounds are not above the job's priority and run_at. Bounds
-- may be lower than the truth; the claim that finds nothing there corrects them.
--
-- Concurrency: whoever makes a job waiting holds such a row FOR KEY SHARE until commit (note_queue). Raising a bound or
-- deleting the row needs FOR UPDATE (settle_queues), which conflicts with that: so an enqueue that is still in flight is never
-- overlooked. And nobody waits for an enqueuer that stays open, least of all an outcome or a rescue, whose batch holds many
-- jobs: who finds no row that will do, and none to lower that is free at this moment, adds another. Mostly there is one row a
-- queue; a claim that meets two makes them one. Whether a queue is running is not written here: its leased job says so. Only
-- a queue that runs for long is marked, so that claims do not look at it (park_queues).
create table app_jobs.job_queues (
  queue_name text not null,
  next_priority integer not null,
  next_run_at timestamptz not null,
  is_parked boolean not null default false,
  id bigint generated always as identity,
  constraint job_queues_pkey primary key (queue_name, id)
);

comment on table app_jobs.job_queues is 'A row, seldom more, for each serial queue that may have waiting jobs.';
comment on column app_jobs.job_queues.queue_name is 'Name of the queue, as in jobs.queue_name.';
comment on column app_jobs.job_queues.next_priority is 'The waiting jobs that the row stands for have no lower priority than this.';
comment on column app_jobs.job_queues.next_run_at is 'None of them is due before this.';
comment on column app_jobs.job_queues.is_parked is 'Its running job has jobs.parked_queue: claims leave the row out.';
comment on column app_jobs.job_queues.id is 'Tells the rows of one queue apart.';

create index job_queues_next_idx on app_jobs.job_queues (next_priority, next_run_at, queue_name)
  where not is_parked;
comment on index app_jobs.job_queues_next_idx is 'Queues in the order in which the claim tries them.';
