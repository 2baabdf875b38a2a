-- Takes back what nobody keeps any more. Safe to call from everywhere at once: rows in other hands are skipped.
--
-- A worker that died: the attempt counts and the job is due at once, since its lease was the wait. A callback that
-- never came: a failed attempt like another, with backoff. The token goes, so that late reports are refused.
create type app_jobs.rescued_job as (
  id bigint,
  database_id uuid,
  task_identifier text,
  attempts integer,
  last_error text
);

comment on type app_jobs.rescued_job is 'A job whose lease has ended: its number, its tenant, its task, its attempts so far, and what became of the last one.';

create function app_jobs.free_lost_jobs(job_ids bigint[]) returns setof app_jobs.rescued_job
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
begin
  perform app_jobs.record_attempts(array(
    select app_jobs.lost_attempt(j)
    from app_jobs.jobs as j
    where j.id = any (job_ids)
  ));
  return query
  update app_jobs.jobs as j
  set last_error = (app_jobs.lost_attempt(j)).error,
    has_history = true,
    run_at = case
      when j.accepted_at is null then j.run_at
      else now() + make_interval(secs => app_jobs.backoff_of(j))
    end,
    max_attempts = app_jobs.attempt_limit(j),
    death = case when app_jobs.attempt_limit(j) < j.max_attempts then 'out of attempts' end,
    locked_at = null,
    locked_by = null,
    lease_token = null,
    worker_run = null,
    lease_seconds = null,
    accepted_at = null,
    updated_at = now()
  where j.id = any (job_ids)
  returning j.id, j.database_id, j.task_identifier, j.attempts, j.last_error;
end;
$$;

comment on function app_jobs.free_lost_jobs(bigint[]) is
  'Frees jobs that the caller has locked and whose lease has ended, all or none, and gives what became of them.';

revoke all on function app_jobs.free_lost_jobs(bigint[]) from public;

-- One job that cannot be freed, as by a trigger of somebody's own that raises, keeps no other from it: where the batch fails, each is
-- tried alone, and the one that fails is put off for a minute, in nobody's hands, with the reason in its last_error.
create function app_jobs.take_back(job_ids bigint[]) returns setof app_jobs.rescued_job
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  freed app_jobs.rescued_job[] := '{}';
  fault text;
begin
  begin
    freed := array(select f from app_jobs.free_lost_jobs(job_ids) as f);
  exception
    when others then
      for n in 1..cardinality(job_ids) loop
        begin
          freed := freed || array(select f from app_jobs.free_lost_jobs(job_ids[n:n]) as f);
        exception
          when others then
            fault := sqlerrm;
            raise warning 'JOB_NOT_TAKEN_BACK' using
              errcode = sqlstate,
              detail = format('The lease of job %s has ended, and it cannot be freed: %s', job_ids[n], fault),
              hint = 'Mend the trigger or constraint of your own that says so. It is tried again in a minute.';
            begin
              update app_jobs.jobs as j
              set last_error = format('Its lease has ended, and it cannot be freed: %s', fault),
                locked_by = null,
                lease_token = null,
                worker_run = null,
                accepted_at = null,
                lease_seconds = extract(epoch from now() - j.locked_at) + 60,
                updated_at = now()
              where j.id = job_ids[n];
            exception
              when others then
                raise warning 'JOB_NOT_PUT_OFF' using
                  errcode = sqlstate,
                  detail = format('Job %s cannot even be put off: %s', job_ids[n], sqlerrm);
            end;
        end;
      end loop;
  end;

  -- Who takes them back need not be who takes their tasks.
  if cardinality(freed) > 0 then
    perform app_jobs.wake_workers('-infinity');
  end if;
  return query
  select *
  from unnest(freed);
end;
$$;

comment on function app_jobs.take_back(bigint[]) is
  'Frees jobs that the caller has locked and whose lease has ended, and gives what became of them. One that cannot be freed is tried '
  'again in a minute, with a warning.';

revoke all on function app_jobs.take_back(bigint[]) from public;

-- It starts from the workers whose lease has ended, and while all are alive it looks at no job of theirs: the index of
-- leases keeps an entry for each job claimed since the oldest snapshot that a session anywhere holds. A job is therefore
-- never without its worker's row: a claim holds that row FOR KEY SHARE until it commits, and whoever removes it locks
-- it FOR UPDATE first and looks for jobs after. Where somebody removed it by hand, repair takes the jobs back.
create function app_jobs.rescue_jobs(row_limit integer default 1000) returns setof app_jobs.rescued_job
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set enable_hashjoin = off
set enable_mergejoin = off
as $$
declare
  ended uuid[];
  lost bigint[];
begin
  ended := array(
    select w.run
    from app_jobs.workers as w
    where w.lease_until <= now()
    for update skip locked
  );

  lost := array(
    select j.id
    from app_jobs.jobs as j
    where j.worker_run = any (ended) and j.locked_at is not null
    limit row_limit
    for update skip locked
  ) || array(
    select j.id
    from app_jobs.jobs as j
    where j.locked_at is not null
      and j.worker_run is null
      and app_jobs.lease_end(j.locked_at, j.lease_seconds) < now()
    limit row_limit
    for update skip locked
  );

  if cardinality(lost) > 0 then
    return query
    select *
    from app_jobs.take_back(lost);
  end if;

  if cardinality(ended) > 0 then
    delete from app_jobs.workers as w
    where w.run = any (ended)
      and (
        select true
        from app_jobs.jobs as j
        where j.worker_run = w.run and j.locked_at is not null
        limit 1
      ) is null;
  end if;
end;
$$;

comment on function app_jobs.rescue_jobs(integer) is
  'Takes back jobs whose lease has ended, at most row_limit of each kind, and gives what became of them. The attempt counts; out of '
  'attempts they are dead. One that cannot be freed stays, with the reason, and keeps no other waiting. Every worker calls it every '
  'few seconds.';

revoke all on function app_jobs.rescue_jobs(integer) from public;
