-- Dead letters. A job dies the moment it is free and has no attempt left, whatever statement made it so: one of our functions,
-- or an operator's plain UPDATE. One trigger moves it here in that statement, so that no function needs a second way, and
-- jobs holds only what waits or runs. Claims and completions do not meet its condition.
--
-- What keeps one from moving (a trigger or a constraint of somebody's own) is nobody else's affair: that job stays in jobs, dead, with
-- the reason in last_error and a warning, while the statement goes on with the others; repair tries again.
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

comment on column app_jobs.dead_jobs.attempts is 'Attempts that it had, the last one included.';

create function app_jobs.tg_job_died() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  mark constant text := 'Cannot be moved to dead_jobs: ';
  letter app_jobs.jobs;
  reason text;
begin
  -- Before anything is made of the row, which may be another's.
  if tg_relid <> 'app_jobs.jobs'::regclass then
    perform app_jobs.refuse_table(tg_relid);
  end if;

  letter := new;
  reason := case
    when new.death is not null then new.death
    when new.superseded then 'superseded'
    when old.locked_at is not null and (new.attempts, new.max_attempts) = (old.attempts, old.max_attempts) then 'out of attempts'
    else 'by an operator'
  end;
  -- Whoever ends a job before its time raises its attempts to the limit. The letter tells those that were.
  if tg_op = 'UPDATE' then
    letter.attempts := least(new.attempts, old.attempts);
  end if;
  if starts_with(letter.last_error, mark) then
    letter.last_error := nullif(substr(letter.last_error, strpos(letter.last_error || chr(10), chr(10)) + 1), '');
  end if;

  begin
    insert into app_jobs.dead_jobs
    select letter.*, now(), reason
    on conflict (id) do nothing;
    if not found and exists (
      select
      from app_jobs.dead_jobs as d
      where d.id = letter.id
    ) then
      -- Its id came again, as when somebody set the sequence back: it is buried under another, and takes its own history along.
      letter.id := app_jobs.free_job_id();
      insert into app_jobs.dead_jobs
      select letter.*, now(), reason;
      update app_jobs.job_attempts as a
      set job_id = letter.id
      where a.job_id = new.id and a.ended_at >= letter.created_at;
    end if;
    delete from app_jobs.jobs as j
    where j.id = new.id;
  exception
    when others then
      raise warning 'DEAD_JOB_NOT_MOVED' using
        errcode = sqlstate,
        detail = format('Job %s is dead, and cannot be moved to dead_jobs: %s', new.id, sqlerrm),
        hint = 'Mend the trigger or constraint on dead_jobs that says so. It is moved within minutes then, or by select * from app_jobs.repair().';
      if new.attempts < new.max_attempts then
        -- Never to be claimed. Fires this trigger once more, which notes the reason.
        update app_jobs.jobs as j
        set attempts = j.max_attempts, death = reason
        where j.id = new.id;
      else
        update app_jobs.jobs as j
        set death = reason,
          last_error = concat_ws(chr(10), mark || translate(sqlerrm, chr(10), ' '), letter.last_error),
          updated_at = now()
        where j.id = new.id;
      end if;
  end;
  return null;
end;
$$;

comment on function app_jobs.tg_job_died() is
  'After a job became free without an attempt left, or superseded: moves it to dead_jobs. A lease that ended and left it so was its '
  'last attempt; anything else that says no reason was an operator. What cannot be moved stays, with a warning.';

revoke all on function app_jobs.tg_job_died() from public;

create trigger job_died
after insert or update of attempts, max_attempts, locked_at on app_jobs.jobs
for each row
when (new.locked_at is null and (new.attempts >= new.max_attempts or new.superseded))
execute function app_jobs.tg_job_died();

comment on trigger job_died on app_jobs.jobs is 'Moves what has no attempt left to dead_jobs, in the statement that made it so.';
