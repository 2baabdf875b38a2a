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

-- A row becomes JSON with the rights of the schema's owner, and a type may have a conversion of somebody's own: who can make such a
-- type a column of a table that has a trigger could otherwise run anything as the owner. A conversion is trusted where its owner is
-- the schema's owner, may become it, or is a superuser, as with those of extensions. Most databases have no other, and no more is asked:
-- of casts that did not come with the server, whose numbers begin at 16384 (FirstNormalObjectId), an index knows.
create function app_jobs.require_trusted_conversions(converted oid) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  doubtful oid[] := array(
    select c.castsource
    from pg_cast as c
    inner join pg_proc as p on p.oid = c.castfunc
    where c.oid >= 16384
      and c.casttarget = 'json'::regtype
      and not pg_has_role(p.proowner, current_user, 'member')
  );
  found_type oid;
begin
  if cardinality(doubtful) = 0 then
    return;
  end if;

  with recursive reached (type) as (
    select a.atttypid
    from pg_attribute as a
    where a.attrelid = converted and a.attnum > 0 and not a.attisdropped
    union
    select inner_type.type
    from reached as r
    inner join pg_type as t on t.oid = r.type
    cross join lateral (
      values (t.typelem), (t.typbasetype)
      union all
      select a.atttypid
      from pg_attribute as a
      where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
    ) as inner_type (type)
    where inner_type.type <> 0
  )
  select r.type
  into found_type
  from reached as r
  where r.type = any (doubtful)
  limit 1;
  if found then
    raise exception 'UNTRUSTED_CONVERSION' using
      errcode = 'insufficient_privilege',
      detail = format(
        'A trigger that enqueues a job is on %s, whose type %s has a conversion to json that neither the owner of this schema nor a superuser owns.',
        converted::regclass,
        found_type::regtype
      ),
      hint = 'Drop the cast, or give its function to the owner of this schema once it has been read.';
  end if;
end;
$$;

comment on function app_jobs.require_trusted_conversions(oid) is
  'Raises UNTRUSTED_CONVERSION where a row of this table would become JSON by a function that may not have the owner''s rights.';

revoke all on function app_jobs.require_trusted_conversions(oid) from public;

create function app_jobs.refuse_trigger(name text, relation oid, fault text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'INVALID_TRIGGER' using
    errcode = 'invalid_parameter_value',
    detail = format('Trigger %I on %s %s.', name, relation::regclass, fault),
    hint = 'Make it anew: execute function app_jobs.tg_add_job_with_row_id(''send-email-link''), with the task as its first argument.';
end;
$$;

comment on function app_jobs.refuse_trigger(text, oid, text) is 'Raises INVALID_TRIGGER, which names a trigger that cannot make a job.';

revoke all on function app_jobs.refuse_trigger(text, oid, text) from public;

-- The three are replaced where an adoption brought them along with the users' triggers that call them (db/adopt).
create or replace function app_jobs.tg_add_job_with_row() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  changed record := case when tg_op = 'DELETE' then old else new end;
begin
  if coalesce(tg_argv[0], '') = '' then
    perform app_jobs.refuse_trigger(tg_name, tg_relid, 'names no task');
  end if;
  perform app_jobs.require_trusted_conversions(tg_relid);
  perform app_jobs.add_job(app_jobs.current_database_id(), tg_argv[0], to_json(changed));
  return changed;
end;
$$;

comment on function app_jobs.tg_add_job_with_row() is
  'Trigger: enqueues the task named by its argument with the whole row as payload; the old row on delete. Raises INVALID_TRIGGER.';

revoke all on function app_jobs.tg_add_job_with_row() from public;

create or replace function app_jobs.tg_add_job_with_row_id() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  changed record := case when tg_op = 'DELETE' then old else new end;
  payload json;
begin
  if coalesce(tg_argv[0], '') = '' then
    perform app_jobs.refuse_trigger(tg_name, tg_relid, 'names no task');
  end if;
  perform app_jobs.require_trusted_conversions(tg_relid);
  begin
    payload := json_build_object('id', changed.id);
  exception
    when undefined_column then
      perform app_jobs.refuse_trigger(tg_name, tg_relid, 'sends the column "id", which the table does not have');
  end;
  perform app_jobs.add_job(app_jobs.current_database_id(), tg_argv[0], payload);
  return changed;
end;
$$;

comment on function app_jobs.tg_add_job_with_row_id() is
  'Trigger: enqueues the task named by its argument with {"id": the row''s id} as payload. Raises INVALID_TRIGGER.';

revoke all on function app_jobs.tg_add_job_with_row_id() from public;

create or replace function app_jobs.trigger_job_with_fields() returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  changed record := case when tg_op = 'DELETE' then old else new end;
  fields json;
  field text;
begin
  if coalesce(tg_argv[0], '') = '' then
    perform app_jobs.refuse_trigger(tg_name, tg_relid, 'names no task');
  end if;
  perform app_jobs.require_trusted_conversions(tg_relid);
  fields := to_json(changed);
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
  'Trigger: enqueues the task named by its first argument with the columns named by the others, as text. Raises UNKNOWN_COLUMN '
  'and INVALID_TRIGGER.';

revoke all on function app_jobs.trigger_job_with_fields() from public;
