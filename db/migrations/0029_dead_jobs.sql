-- Dead letters. A job dies the moment it is free and has no attempt left, whatever statement made it so: one of our functions,
-- or an operator's plain UPDATE. One trigger moves it here in that statement, so that no function needs a second way, and
-- jobs holds only what waits or runs. Claims and completions do not meet its condition.
--
-- The columns are those of jobs, in their order; what is added to jobs is added here, before died_at.
create table app_jobs.dead_jobs (
  like app_jobs.jobs including comments,
  died_at timestamptz not null,
  reason text not null,
  constraint dead_jobs_pkey primary key (id),
  constraint dead_jobs_reason_known check (
    reason in ('out of attempts', 'failed for good', 'by an operator', 'superseded', 'cancelled')
  )
);

comment on table app_jobs.dead_jobs is
  'Jobs that will not run again unless an operator says so (retry_dead_jobs), as they were when they died.';
comment on column app_jobs.dead_jobs.died_at is 'When the job died.';
comment on column app_jobs.dead_jobs.reason is
  'Why: out of attempts, failed for good (its function said so), by an operator, superseded (a newer job took its key), or cancelled.';

create function app_jobs.tg_job_died() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_relid <> 'app_jobs.jobs'::regclass then
    perform app_jobs.refuse_table(tg_relid);
  end if;
  insert into app_jobs.dead_jobs
  select
    new.*,
    now(),
    case
      when new.death is not null then new.death
      when new.superseded then 'superseded'
      when old.locked_at is not null and (new.attempts, new.max_attempts) = (old.attempts, old.max_attempts)
        then 'out of attempts'
      else 'by an operator'
    end;
  delete from app_jobs.jobs as j
  where j.id = new.id;
  return null;
end;
$$;

comment on function app_jobs.tg_job_died() is
  'After a job became free without an attempt left: moves it to dead_jobs. A lease that ended and left it so was its last '
  'attempt; anything else that says no reason was an operator.';

revoke all on function app_jobs.tg_job_died() from public;

create trigger job_died
after insert or update of attempts, max_attempts, locked_at on app_jobs.jobs
for each row
when (new.locked_at is null and new.attempts >= new.max_attempts)
execute function app_jobs.tg_job_died();

comment on trigger job_died on app_jobs.jobs is 'Moves what has no attempt left to dead_jobs, in the statement that made it so.';
