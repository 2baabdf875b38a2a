create function app_jobs.current_database_id() returns uuid
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
  id text := nullif(current_setting('jwt.claims.database_id', true), '');
begin
  if id is null then
    raise exception 'DATABASE_ID_NOT_SET' using
      errcode = 'object_not_in_prerequisite_state',
      detail = 'A trigger that enqueues a job found no database id in the setting jwt.claims.database_id.',
      hint = 'Run select set_config(''jwt.claims.database_id'', ''<uuid>'', true) in the same transaction first.';
  end if;
  return id::uuid;
exception
  when invalid_text_representation then
    raise exception 'DATABASE_ID_NOT_VALID' using
      errcode = 'invalid_text_representation',
      detail = format('The setting jwt.claims.database_id is not a uuid (%s).', id),
      hint = 'Set it to the id of the tenant.';
end;
$$;

comment on function app_jobs.current_database_id() is
  'Gives the tenant of the transaction, from the setting jwt.claims.database_id. Raises DATABASE_ID_NOT_SET and '
  'DATABASE_ID_NOT_VALID.';

revoke all on function app_jobs.current_database_id() from public;

-- The three are replaced where an adoption brought them along with the users' triggers that call them (db/adopt).
create or replace function app_jobs.tg_add_job_with_row() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  changed record := case when tg_op = 'DELETE' then old else new end;
begin
  perform app_jobs.add_job(app_jobs.current_database_id(), tg_argv[0], to_json(changed));
  return changed;
end;
$$;

comment on function app_jobs.tg_add_job_with_row() is
  'Trigger: enqueues the task named by its argument with the whole row as payload; the old row on delete.';

revoke all on function app_jobs.tg_add_job_with_row() from public;

create or replace function app_jobs.tg_add_job_with_row_id() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  changed record := case when tg_op = 'DELETE' then old else new end;
begin
  perform app_jobs.add_job(app_jobs.current_database_id(), tg_argv[0], json_build_object('id', changed.id));
  return changed;
end;
$$;

comment on function app_jobs.tg_add_job_with_row_id() is
  'Trigger: enqueues the task named by its argument with {"id": the row''s id} as payload.';

revoke all on function app_jobs.tg_add_job_with_row_id() from public;

create or replace function app_jobs.trigger_job_with_fields() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  changed record := case when tg_op = 'DELETE' then old else new end;
  fields json := to_json(changed);
  field text;
begin
  foreach field in array tg_argv[1:]
  loop
    if json_typeof(fields -> field) is null then
      raise exception 'UNKNOWN_COLUMN' using
        errcode = 'undefined_column',
        detail = format('Trigger %I on %I.%I names the column "%s", which the table does not have.',
          tg_name, tg_table_schema, tg_table_name, field),
        hint = 'Name columns of the table in the trigger''s arguments, after the task.';
    end if;
  end loop;
  perform app_jobs.add_job(
    app_jobs.current_database_id(),
    tg_argv[0],
    (
      select coalesce(json_object_agg(named.field, fields ->> named.field order by named.place), '{}')
      from unnest(tg_argv[1:]) with ordinality as named (field, place)
    )
  );
  return changed;
end;
$$;

comment on function app_jobs.trigger_job_with_fields() is
  'Trigger: enqueues the task named by its first argument with the columns named by the others, as text. Raises UNKNOWN_COLUMN.';

revoke all on function app_jobs.trigger_job_with_fields() from public;
