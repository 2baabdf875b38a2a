-- Plan and locks are as in the second way of complete_leases.
create function app_jobs.accept_leases(job_ids bigint[], lease_tokens uuid[], callback_seconds double precision)
returns setof bigint
language sql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set enable_bitmapscan = off
set lock_timeout = '200ms'
as $$
  update app_jobs.jobs as j
  set worker_run = null,
    accepted_at = coalesce(j.accepted_at, now()),
    lease_seconds = extract(epoch from now() - j.locked_at)
      + coalesce(
        (
          select p.callback_seconds
          from app_jobs.task_policies as p
          where p.task_identifier = j.task_identifier
        ),
        callback_seconds
      ),
    unreachable_since = null,
    unreachable_count = 0,
    updated_at = now()
  where j.id = any (array(
    select held.id
    from app_jobs.jobs as held
    where held.id = any (job_ids)
      and ((held.id, held.lease_token) in (select * from unnest(job_ids, lease_tokens))) is true
      and held.locked_at is not null
    order by held.id
    for update skip locked
  ))
  returning j.id;
$$;

comment on function app_jobs.accept_leases(bigint[], uuid[], double precision) is
  'Leaves jobs to their functions, which answered 202: leased until a callback comes, or callback_seconds have passed from '
  'now, or as many as the policy of its task says. Works pairwise under the lease tokens and gives the ids that were taken (the others: see '
  'held_leases).';

revoke all on function app_jobs.accept_leases(bigint[], uuid[], double precision) from public;
