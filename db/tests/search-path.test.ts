import { expect, test } from "bun:test";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";
import { connect, type Sql } from "../client/connect.ts";
import { extensionFiles } from "../extension/extension-files.ts";
import { plainSql } from "../install-sql.ts";
import { migrate } from "../migrate.ts";
import { readMigrations } from "../read-migrations.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";
const migrations = await readMigrations();

/**
 * What a role that may create in public could put there: they fit the calls of ours better than Postgres' own do, so that they are
 * called with the rights of whoever comes by.
 */
const traps = `
  create function public.trap(double precision, numeric) returns boolean
  language plpgsql as $$ begin raise exception 'TRAPPED'; end $$;
  create operator public.>= (leftarg = double precision, rightarg = numeric, function = public.trap);
  create function public.make_interval(secs double precision) returns interval
  language plpgsql as $$ begin raise exception 'TRAPPED'; end $$;`;

/** A database with the traps, to install into by the way given. */
async function withTraps(install: (url: string) => Promise<void>) {
  const database = await withDatabase("empty");
  await database.sql.unsafe(traps);
  await install(database.url);
  return database;
}

const settings = (url: string) => ({ DATABASE_URL: url, PGHOST: "", PGPORT: 0, PGUSER: "", PGDATABASE: "" });

test.each<[string, (url: string) => Promise<void>]>([
  [
    "db:migrate",
    async (url) => {
      await migrate(settings(url));
    },
  ],
  [
    "the plain file",
    async (url) => {
      const sql = connect(settings(url), { max: 1, name: "test-psql", fetchTypes: false });
      await sql.unsafe(plainSql({ version: "1.0.0", schema: "app_jobs", migrations }));
      await sql.end();
    },
  ],
])("what %s installs calls nothing that others put into public", async (_, install) => {
  await using database = await withTraps(install);
  const { sql } = database;
  await sql`select app_jobs.set_task_policy('mail', timeout_seconds => 5)`;
  await sql`
    insert into app_jobs.jobs (database_id, task_identifier, attempts, locked_at, locked_by)
    values (${tenant}, 'mail', 1, now(), 'w')`;
  await sql`select app_jobs.fail_job('w', 1, 'no paint')`;
  expect(await sql`select from app_jobs.jobs`).toHaveLength(1);
});

test("every script of the extension pins the search path before anything else", () => {
  const releases = [{ version: "0.9.0", last: migrations.at(-2)?.tag ?? "" }];
  const files = extensionFiles({ version: "1.0.0", schema: "app_jobs", migrations, releases });
  const scripts = files.filter(({ name }) => name.endsWith(".sql"));
  expect(scripts).toHaveLength(2);
  for (const { text } of scripts)
    expect(text).toMatch(/^\\echo .*\n\nset local search_path = pg_catalog, pg_temp;\n/);
});

test("every function reads its names with its own search path, or has read them when it was made", async () => {
  await using database = await withDatabase();
  const open = await database.sql<{ name: string }[]>`
    select p.oid::regprocedure::text as name
    from pg_proc as p
    where p.pronamespace = 'app_jobs'::regnamespace
      and p.prosqlbody is null
      and not coalesce(p.proconfig, '{}') @> array['search_path=pg_catalog, pg_temp']`;
  expect(open.map(({ name }) => name)).toEqual([]);
  // A view would be read with its own names too, but its functions with the caller's rights or the owner's: there is none.
  expect(
    await database.sql`select from pg_class where relnamespace = 'app_jobs'::regnamespace and relkind in ('v', 'm')`,
  ).toHaveLength(0);
});

/** Gives a connection of a role whose own schema, first in its search path, has a trap for every name that ours use. */
async function withHostile(database: TestDatabase): Promise<AsyncDisposable & { sql: Sql; name: string }> {
  const name = `hostile_${crypto.randomUUID().slice(0, 8)}`;
  await database.sql.unsafe(`
    create role ${name} login password 'secret';
    create schema own authorization ${name};
    grant usage on schema app_jobs to ${name};
    grant select, insert, update, delete on all tables in schema app_jobs to ${name};
    grant execute on all functions in schema app_jobs to ${name};`);
  const url = new URL(database.url);
  url.username = name;
  url.password = "secret";
  const sql = connect(
    { ...database.settings, DATABASE_URL: url.href },
    { max: 1, name: "hostile", fetchTypes: false },
  );
  await sql.unsafe(`
    create function own.sprung() returns void language plpgsql as
      $f$ begin raise exception 'SPRUNG as %', current_user; end $f$;
    do $do$
    declare
      made record;
    begin
      -- Operators of any two types here, each of which is a better match than one that needs a conversion, or as good.
      for made in
        select distinct o.oprname, l.oid::regtype as l, r.oid::regtype as r, res.oid::regtype as res
        from pg_catalog.pg_operator as o
        join pg_catalog.pg_type as l on l.oid in (
          o.oprleft, 'timestamptz'::regtype, 'interval'::regtype, 'integer'::regtype, 'bigint'::regtype, 'text'::regtype,
          'double precision'::regtype, 'numeric'::regtype
        )
        join pg_catalog.pg_type as r on r.oid in (
          o.oprright, 'interval'::regtype, 'integer'::regtype, 'bigint'::regtype, 'text'::regtype, 'double precision'::regtype,
          'numeric'::regtype
        )
        join pg_catalog.pg_type as res on res.oid = o.oprresult
        where o.oprname in ('+', '-', '*', '/', '<', '>', '<=', '>=', '=', '<>', '||', '->', '->>')
          and o.oprleft in (
            'timestamptz'::regtype, 'timestamp'::regtype, 'integer'::regtype, 'bigint'::regtype, 'double precision'::regtype,
            'text'::regtype, 'uuid'::regtype, 'interval'::regtype, 'json'::regtype, 'xid'::regtype
          )
      loop
        begin
          execute pg_catalog.format(
            'create function own.trap(%s, %s) returns %s language plpgsql immutable as $f$ begin perform own.sprung(); end $f$',
            made.l, made.r, made.res
          );
        exception
          when duplicate_function then
            null;
        end;
        begin
          execute pg_catalog.format(
            'create operator own.%s (leftarg = %s, rightarg = %s, function = own.trap)', made.oprname, made.l, made.r
          );
        exception
          when others then
            null;
        end;
      end loop;

      -- And every function that ours call by its name.
      for made in
        select p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid) as args, p.prorettype::regtype as res
        from pg_catalog.pg_proc as p
        where p.pronamespace = 'pg_catalog'::regnamespace
          and p.prokind = 'f'
          and not p.proretset
          and p.prorettype::regtype::text not in ('internal', 'trigger', 'cstring')
          and p.proargmodes is null
          and exists (
            select
            from pg_catalog.pg_proc as ours
            where ours.pronamespace = 'app_jobs'::regnamespace
              and (ours.prosrc || coalesce(pg_catalog.pg_get_function_sqlbody(ours.oid), '')) ~ ('\\m' || p.proname || '\\(')
          )
      loop
        begin
          execute pg_catalog.format(
            'create function own.%I(%s) returns %s language plpgsql as $f$ begin perform own.sprung(); end $f$',
            made.proname, made.args, made.res
          );
        exception
          when others then
            null;
        end;
      end loop;
      for made in
        select pg_catalog.unnest(array['json', 'uuid', 'int8', 'text', 'timestamptz', 'interval', 'jobs', 'job_attempts', 'leased_job']) as name
      loop
        execute pg_catalog.format('create domain own.%I as pg_catalog.text check (own.sprung() is null)', made.name);
      end loop;
    end $do$;
    set search_path = own, pg_catalog, app_jobs;`);
  return {
    sql,
    name,
    [Symbol.asyncDispose]: async () => {
      await sql.end({ timeout: 1 });
      await database.sql.unsafe(`drop owned by ${name} cascade; drop role ${name}`);
    },
  };
}

test("whatever a hostile role calls, and whatever it explains, none of its operators, functions and types is used", async () => {
  await using database = await withDatabase();
  await database.sql`select app_jobs.add_completed_partition(now() + interval '1 hour')`;
  await using role = await withHostile(database);
  const [traps] = await database.sql<{ operators: number; functions: number }[]>`
    select (select count(*)::int from pg_operator where oprnamespace = 'own'::regnamespace) as operators,
      (select count(*)::int from pg_proc where pronamespace = 'own'::regnamespace and proname <> 'trap') as functions`;
  expect(traps?.operators).toBeGreaterThan(100);
  expect(traps?.functions).toBeGreaterThan(50);
  // The traps work.
  expect(await role.sql.unsafe("select 1 + 1::bigint").then(() => "nothing", String)).toContain("SPRUNG");
  expect(await role.sql.unsafe("select now()").then(() => "nothing", String)).toContain("SPRUNG");

  const run = "00000000-0000-4000-8000-000000000001";
  const token = "00000000-0000-4000-8000-000000000002";
  const statements = [
    `select app_jobs.add_job('${tenant}', 'a', queue_name => 'q', run_at => 'now')`,
    `select app_jobs.add_job('${tenant}', 'a', job_key => 'k', run_at => 'now')`,
    `select app_jobs.add_jobs(array['{"db_id": "${tenant}", "identifier": "a", "job_key": "j"}']::pg_catalog.json[])`,
    `select app_jobs.add_task_jobs('${tenant}', 'a', '{1,2}', '{x,y}', run_at => 'now')`,
    `insert into app_jobs.jobs (database_id, task_identifier) values ('${tenant}', 'a')`,
    `select app_jobs.add_scheduled_job('${tenant}', 'a', '{}', '{"rule": "* * * * *", "scheduledAtField": "at"}', 's')`,
    "select app_jobs.run_scheduled_job('1')",
    "select app_jobs.run_scheduled_tick('1', 'now', 'tomorrow')",
    `select app_jobs.register_worker('${run}', 'w', '60')`,
    `select app_jobs.beat_worker('${run}'), app_jobs.worker_orders('${run}')`,
    `select app_jobs.get_jobs('${run}', '2')`,
    `select app_jobs.complete_leases('{1,2}', '{${token},${token}}')`,
    "update app_jobs.jobs set attempts = max_attempts, locked_at = null",
    "select app_jobs.retry_dead_jobs('{1,2,3}')",
    "select app_jobs.get_job('w'), app_jobs.fail_job('w', '1', 'no'), app_jobs.release_jobs('w')",
    "select app_jobs.get_job('w'), app_jobs.complete_job('w', '1')",
    "select app_jobs.rescue_jobs(), app_jobs.queue_depth(), app_jobs.next_job_seconds()",
    "select * from app_jobs.queue_health()",
    "select app_jobs.cancel_jobs('{1,2,3}', 'no'), app_jobs.permanently_fail_jobs('{4}')",
    "select app_jobs.reschedule_jobs('{5,6}', 'now')",
    "select app_jobs.set_task_policy('a', '5')",
    "select app_jobs.tidy_completed_jobs('3600'), app_jobs.keep_jobs('{5,6}', '1800')",
    "select app_jobs.repair()",
    `select app_jobs.release_worker('${run}')`,
    "explain select from app_jobs.jobs where locked_at is null",
    "explain select from app_jobs.jobs where app_jobs.lease_end(locked_at, lease_seconds) is null and worker_run is null and locked_at is not null",
    "explain analyze select app_jobs.lease_end(locked_at, lease_seconds), app_jobs.job_fault('a', 'b', 'c', '0') from app_jobs.jobs",
    "explain analyze select app_jobs.lost_attempt(j), app_jobs.operator_attempt(j, 'x'), app_jobs.is_free(j) from app_jobs.jobs as j",
  ];
  for (const statement of statements)
    expect([statement, await role.sql.unsafe(statement).then(() => "done", String)]).toEqual([
      statement,
      "done",
    ]);
});

test("a hostile role's triggers on a table of its own enqueue with none of its operators, functions and types", async () => {
  await using database = await withDatabase();
  await using role = await withHostile(database);
  await role.sql.unsafe(`
    create domain own.amount as pg_catalog.int4 check (value is not null);
    create type own.pair as (a own.amount, b pg_catalog.text);
    create table own.lure (id pg_catalog.int8, amount own.amount, pair own.pair, note pg_catalog.json);
    create trigger t after insert on own.lure for each row execute function app_jobs.tg_add_job_with_row('t');
    create trigger u after insert on own.lure for each row execute function app_jobs.tg_add_job_with_row_id('t');
    create trigger v after insert on own.lure for each row execute function app_jobs.trigger_job_with_fields('t', 'id', 'pair');
    set jwt.claims.database_id = '${tenant}';`);
  await role.sql.unsafe("insert into own.lure values ('1', '2', row ('3', 'x'), '{}')");
  const jobs = await database.sql<{ payload: unknown }[]>`select payload from app_jobs.jobs order by id`;
  expect(jobs.map(({ payload }) => payload)).toEqual([
    { id: 1, amount: 2, pair: { a: 3, b: "x" }, note: {} },
    { id: 1 },
    { id: "1", pair: '{"a":3,"b":"x"}' },
  ]);
});
