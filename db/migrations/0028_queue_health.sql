-- What goes wrong in a queue on Postgres shows first here, before the queue gets longer: a session that keeps an old
-- snapshot forbids the clearing of what claimed and completed jobs leave behind.
create function app_jobs.queue_health(
  out dead_tuples bigint,
  out live_tuples bigint,
  out last_autovacuum timestamptz,
  out oldest_xmin_age bigint,
  out oldest_xmin_holder text,
  out oldest_xmin_since timestamptz,
  out oldest_due_seconds double precision
)
language sql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
  with holder as (
    select
      age(a.backend_xmin) as xids,
      format('session %s of %s (%s)', a.pid, coalesce(a.usename, 'the server'), coalesce(nullif(a.application_name, ''), 'unnamed'))
        as name,
      a.xact_start as since
    from pg_stat_activity as a
    where a.backend_xmin is not null
      and a.pid <> pg_backend_pid()
      and coalesce(a.datname, current_database()) = current_database()
      and a.backend_type <> 'autovacuum worker'
    union all
    select greatest(age(s.xmin), age(s.catalog_xmin)), format('replication slot %s', s.slot_name), null
    from pg_replication_slots as s
    where s.xmin is not null or s.catalog_xmin is not null
    union all
    select age(p.transaction), format('prepared transaction %s', p.gid), p.prepared
    from pg_prepared_xacts as p
  ),
  oldest as (
    select *
    from holder
    order by holder.xids desc
    limit 1
  )
  select
    t.n_dead_tup,
    t.n_live_tup,
    t.last_autovacuum,
    oldest.xids,
    oldest.name,
    oldest.since,
    greatest(0, -app_jobs.next_job_seconds())
  from pg_stat_user_tables as t
  left join oldest on true
  where t.relid = 'app_jobs.jobs'::regclass;
$$;

comment on function app_jobs.queue_health() is
  'Dead and live rows of jobs by the server''s statistics; when it was last vacuumed; the session, slot or prepared transaction '
  'that holds the oldest snapshot, how old that is in transactions and since when; and how long the oldest due job has '
  'waited, in seconds (0 when none is due). Other roles'' sessions show only if the owner is in pg_read_all_stats.';

revoke all on function app_jobs.queue_health() from public;
