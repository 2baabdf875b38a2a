-- report is what the function said: {"kind": "complete"}, or {"kind": "keep", "keepSeconds": number} where what completes is
-- kept; {"kind": "retry" | "dead" | "unreachable", "error": text, "delaySeconds": number}; or {"kind": "progress", "progress":
-- number, "message": text, "callbackSeconds": number}.
--
-- A completion may come after the worker lost the connection, or its patience, and recorded a failed attempt without an answer. As
-- long as the job waits for its retry under that token, or is dead of that attempt (a claim, a new payload and an operator's hand
-- all take the token away), the work is known to be done, and the job ends. A failure that the function answered stands.
create function app_jobs.callback_job(job_id bigint, lease_token uuid, report json) returns text
language plpgsql
set search_path = pg_catalog, pg_temp
set lock_timeout = '200ms'
as $$
declare
  job app_jobs.jobs;
  taken boolean;
  is_waiting boolean;
  is_dead boolean;
  revived bigint;
begin
  case report ->> 'kind'
    when 'complete' then
      select count(*) > 0
      into taken
      from app_jobs.complete_leases(array[callback_job.job_id], array[callback_job.lease_token]);
    when 'keep' then
      select count(*) > 0
      into taken
      from app_jobs.keep_leases(
        array[callback_job.job_id],
        array[callback_job.lease_token],
        (report ->> 'keepSeconds')::double precision
      );
    when 'progress' then
      update app_jobs.jobs as j
      set progress = coalesce((report ->> 'progress')::double precision, j.progress),
        progress_message = coalesce(report ->> 'message', j.progress_message),
        lease_seconds = case
          when j.accepted_at is null then j.lease_seconds
          else extract(epoch from now() - j.locked_at)
            + coalesce(
              (
                select p.callback_seconds
                from app_jobs.task_policies as p
                where p.task_identifier = j.task_identifier
              ),
              (report ->> 'callbackSeconds')::double precision
            )
        end,
        updated_at = now()
      where j.id = (
        select held.id
        from app_jobs.jobs as held
        where held.id = callback_job.job_id
          and held.lease_token = callback_job.lease_token
          and held.locked_at is not null
        for update skip locked
      );
      taken := found;
    else
      select count(*) > 0
      into taken
      from app_jobs.fail_leases(
        array[callback_job.job_id],
        array[callback_job.lease_token],
        array[report ->> 'kind'],
        array[report ->> 'error'],
        array[(report ->> 'delaySeconds')::double precision],
        http_statuses => array[
          (
            select 202
            from app_jobs.jobs as j
            where j.id = callback_job.job_id and j.accepted_at is not null
          )
        ]
      );
  end case;

  if not taken and report ->> 'kind' in ('complete', 'keep') then
    perform
    from app_jobs.jobs as j
    where j.id = callback_job.job_id and j.lease_token = callback_job.lease_token and j.locked_at is null;
    is_waiting := found;
    perform
    from app_jobs.dead_jobs as d
    where d.id = callback_job.job_id and d.lease_token = callback_job.lease_token;
    is_dead := found;
    select a.outcome = 'retry' and a.http_status is null
    into taken
    from app_jobs.job_attempts as a
    where a.job_id = callback_job.job_id and (is_waiting or is_dead)
    order by a.id desc
    limit 1;
    if taken then
      if is_waiting then
        select j.id
        into revived
        from app_jobs.jobs as j
        where j.id = callback_job.job_id and j.lease_token = callback_job.lease_token and j.locked_at is null
        for update skip locked;
      else
        select back.id
        into revived
        from app_jobs.retry_dead_jobs(array(
          select d.id
          from app_jobs.dead_jobs as d
          where d.id = callback_job.job_id and d.lease_token = callback_job.lease_token
          for update skip locked
        )) as back;
      end if;
      -- A claim, or an operator, may have been first: asked again, it is told so.
      if revived is null then
        return 'busy';
      end if;
      if report ->> 'kind' = 'keep' then
        perform app_jobs.keep_jobs(array[revived], (report ->> 'keepSeconds')::double precision);
      end if;
      delete from app_jobs.jobs as j
      where j.id = revived;
    end if;
  end if;

  if taken then
    -- An outcome may free a serial queue or set a time for the next try; some worker should look.
    if report ->> 'kind' <> 'progress' then
      perform app_jobs.wake_workers('-infinity');
    end if;
    return 'taken';
  end if;

  select *
  into job
  from app_jobs.jobs as j
  where j.id = callback_job.job_id;
  if not found then
    -- It has ended: by completion, or dead with the token of its last lease, unless that was taken away.
    return case
      when exists (
        select
        from app_jobs.dead_jobs as d
        where d.id = callback_job.job_id and d.lease_token is distinct from callback_job.lease_token
      ) then 'passed on'
      else 'repeated'
    end;
  end if;
  return case
    when job.lease_token is distinct from callback_job.lease_token then 'passed on'
    when job.locked_at is null then 'repeated'
    else 'busy'
  end;
end;
$$;

comment on function app_jobs.callback_job(bigint, uuid, json) is
  'Records what a function reported under its lease token. Gives taken; repeated when that lease has its outcome already; '
  'passed on when the lease is no longer the job''s, in which case nothing has changed; or busy when another transaction has the job '
  'in its hands, and the report is to be brought again. A completion also ends a job that waits '
  'for its retry, or is dead, after an attempt of this lease that had no answer.';

revoke all on function app_jobs.callback_job(bigint, uuid, json) from public;
