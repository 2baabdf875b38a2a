create function app_jobs.set_task_policy(
  task_identifier text,
  timeout_seconds double precision default null,
  max_attempts integer default null,
  backoff_base_seconds double precision default null,
  backoff_factor double precision default null,
  backoff_max_seconds double precision default null,
  callback_seconds double precision default null,
  unreachable_hours double precision default null
) returns app_jobs.task_policies
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  policy app_jobs.task_policies;
begin
  if coalesce(set_task_policy.task_identifier, '') = '' then
    raise exception 'INVALID_TASK_IDENTIFIER' using
      errcode = 'null_value_not_allowed',
      detail = 'set_task_policy was called without a task identifier.',
      hint = 'Pass the name of the function, such as send-email-link.';
  end if;
  insert into app_jobs.task_policies as p (
    task_identifier,
    timeout_seconds,
    max_attempts,
    backoff_base_seconds,
    backoff_factor,
    backoff_max_seconds,
    callback_seconds,
    unreachable_hours
  )
  values (
    set_task_policy.task_identifier,
    set_task_policy.timeout_seconds,
    set_task_policy.max_attempts,
    set_task_policy.backoff_base_seconds,
    set_task_policy.backoff_factor,
    set_task_policy.backoff_max_seconds,
    set_task_policy.callback_seconds,
    set_task_policy.unreachable_hours
  )
  on conflict on constraint task_policies_pkey do update
  set timeout_seconds = excluded.timeout_seconds,
    max_attempts = excluded.max_attempts,
    backoff_base_seconds = excluded.backoff_base_seconds,
    backoff_factor = excluded.backoff_factor,
    backoff_max_seconds = excluded.backoff_max_seconds,
    callback_seconds = excluded.callback_seconds,
    unreachable_hours = excluded.unreachable_hours,
    updated_at = now()
  returning p.* into policy;
  return policy;
exception
  when check_violation then
    raise exception 'INVALID_TASK_POLICY' using
      errcode = 'check_violation',
      detail = format('set_task_policy was called for %s with a value out of range: %s', set_task_policy.task_identifier, sqlerrm),
      hint = 'Seconds: timeout 0.05 to 86400, callback 0.05 to 2592000, backoff_base and backoff_max 0.001 to 2592000. '
        'backoff_factor: 1 to 100. max_attempts: 1 or more. unreachable_hours: 0 to 8760.';
end;
$$;

comment on function app_jobs.set_task_policy(
  text, double precision, integer, double precision, double precision, double precision, double precision, double precision
) is
  'Sets the whole policy of a task, in place of the one before, and gives its row: what is null or left out is the service''s '
  'default. max_attempts caps that of the jobs, those that wait included. Holds for the next request and the next outcome. '
  'Raises INVALID_TASK_IDENTIFIER, and INVALID_TASK_POLICY (a check_violation) for what is out of range.';

revoke all on function app_jobs.set_task_policy(
  text, double precision, integer, double precision, double precision, double precision, double precision, double precision
) from public;

create function app_jobs.remove_task_policies(task_identifiers text[]) returns setof app_jobs.task_policies
language sql
set search_path = pg_catalog, pg_temp
as $$
  delete from app_jobs.task_policies as p
  where p.task_identifier = any (array(
    select held.task_identifier
    from app_jobs.task_policies as held
    where held.task_identifier = any (remove_task_policies.task_identifiers)
    order by held.task_identifier
    for update
  ))
  returning p.*;
$$;

comment on function app_jobs.remove_task_policies(text[]) is
  'Removes the policies of tasks, for which the defaults hold from then on, and gives the rows.';

revoke all on function app_jobs.remove_task_policies(text[]) from public;

create function app_jobs.tg_task_policies_changed() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_relid <> 'app_jobs.task_policies'::regclass then
    perform app_jobs.refuse_table(tg_relid);
  end if;
  perform app_jobs.notify('jobs:orders');
  return null;
end;
$$;

comment on function app_jobs.tg_task_policies_changed() is
  'After a statement that changed policies, a plain one too: lets workers read them.';

revoke all on function app_jobs.tg_task_policies_changed() from public;

create trigger task_policies_changed
after insert or update or delete or truncate on app_jobs.task_policies
for each statement execute function app_jobs.tg_task_policies_changed();

comment on trigger task_policies_changed on app_jobs.task_policies is 'Lets workers read the policies, once a statement.';
