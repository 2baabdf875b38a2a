-- Adoption, before its transaction: whoever calls one of the original's functions while the adoption holds the tables has found
-- the old function already, and goes on in it afterwards, where it cannot work: the outcome of a job that ended in that moment
-- would be refused, and the job would run again four hours later. So these functions first wait for the table, and if it was
-- adopted meanwhile call the new function of their name, and give its row in the old shape. Until then they do what they did;
-- an adoption that fails leaves them so, which harms nothing. What was adopted already is left alone.
set local search_path = pg_catalog, pg_temp;

do $$
declare
  gated record;
begin
  for gated in
    select
      pg_get_functiondef(p.oid) as definition,
      t.name as first_table,
      p.proname as name,
      (
        select string_agg(a.attname, ', ' order by a.attnum)
        from pg_attribute as a
        where a.attrelid = (select r.typrelid from pg_type as r where r.oid = p.prorettype and r.typtype = 'c')
          and a.attnum > 0
      ) as row_columns,
      (
        select string_agg('$' || n, ', ' order by n)
        from generate_series(1, p.pronargs) as n
      ) as arguments
    from (
      values
        ('add_job', 'jobs'), ('get_job', 'jobs'), ('complete_job', 'jobs'), ('fail_job', 'jobs'), ('release_jobs', 'jobs'),
        ('add_scheduled_job', 'scheduled_jobs'), ('get_scheduled_job', 'scheduled_jobs'),
        ('release_scheduled_jobs', 'scheduled_jobs'), ('run_scheduled_job', 'scheduled_jobs')
    ) as t (function, name)
    inner join pg_proc as p on p.proname = t.function
    inner join pg_language as l on l.oid = p.prolang
    where p.pronamespace = to_regnamespace('app_jobs')
      and to_regclass('app_jobs.dead_jobs') is null
      and to_regclass('app_jobs_before.adoption') is null
      and l.lanname = 'plpgsql'
      and p.prosrc not like '%adoption gate%'
      -- Names go into the text as they are; any other than the original's are for the adoption to refuse.
      and not exists (
        select
        from pg_attribute as a
        where a.attrelid = (select r.typrelid from pg_type as r where r.oid = p.prorettype and r.typtype = 'c')
          and a.attnum > 0
          and not a.attisdropped
          and a.attname !~ '^[a-z_]+$'
      )
  loop
    execute regexp_replace(
      gated.definition,
      E'\nbegin *\n',
      E'\nbegin\n' || format(
        case
          when gated.row_columns is null then
            '/* adoption gate */ lock table app_jobs.%s in row exclusive mode; '
            'if to_regclass(''app_jobs_before.adoption'') is not null then '
            'execute ''select app_jobs.%s(%s)'' using %3$s; return; end if; /* end of gate */'
          else
            '/* adoption gate */ lock table app_jobs.%s in row exclusive mode; '
            'if to_regclass(''app_jobs_before.adoption'') is not null then declare adopted record; begin '
            'execute ''select %4$s from app_jobs.%2$s(%3$s)'' into adopted using %3$s; '
            'return adopted; end; end if; /* end of gate */'
        end,
        gated.first_table, gated.name, gated.arguments, gated.row_columns
      ) || E'\n',
      'i'
    );
  end loop;
end;
$$;
