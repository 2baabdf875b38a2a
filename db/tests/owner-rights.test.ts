import { expect, test } from "bun:test";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";
import { connect, type Sql } from "../client/connect.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

/**
 * Gives a connection of a role with a schema of its own, which may run every function here, and a type in it that a function of
 * that role turns into whatever is asked for. The function says who it runs as, which is all that an attack needs.
 */
async function withTypeMaker(database: TestDatabase): Promise<AsyncDisposable & { sql: Sql }> {
  const name = `maker_${crypto.randomUUID().slice(0, 8)}`;
  await database.sql.unsafe(`
    create role ${name} login password 'secret';
    create schema own authorization ${name};
    grant usage on schema app_jobs to ${name};
    grant execute on all functions in schema app_jobs to ${name};`);
  const url = new URL(database.url);
  url.username = name;
  url.password = "secret";
  const sql = connect({ ...database.settings, DATABASE_URL: url.href }, { max: 1, name: "maker" });
  await sql.unsafe(`
    create type own.sly as enum ('x');
    create function own.as_number(own.sly) returns bigint language plpgsql as
      $$ begin raise exception 'ran as %', case current_user when '${name}' then 'itself' else 'another' end; end $$;
    create function own.as_json(own.sly) returns json language plpgsql as
      $$ begin raise exception 'ran as %', case current_user when '${name}' then 'itself' else 'another' end; end $$;
    create cast (own.sly as bigint) with function own.as_number(own.sly) as implicit;
    create cast (own.sly as json) with function own.as_json(own.sly);`);
  return {
    sql,
    [Symbol.asyncDispose]: async () => {
      await sql.end({ timeout: 1 });
      await database.sql.unsafe(`drop owned by ${name} cascade; drop role ${name}`);
    },
  };
}

test("a trigger function of the tables here runs on no other table", async () => {
  await using database = await withDatabase();
  await using role = await withTypeMaker(database);
  const functions = await database.sql<{ name: string }[]>`
    select p.proname as name
    from pg_proc as p
    where p.pronamespace = 'app_jobs'::regnamespace and p.prorettype = 'trigger'::regtype and p.prosecdef
      and p.proname not in ('tg_add_job_with_row', 'tg_add_job_with_row_id', 'trigger_job_with_fields')`;
  expect(functions.length).toBeGreaterThan(8);
  await role.sql`create table own.lure (id own.sly, parked_queue boolean, has_history boolean, queue_name text, locked_at timestamptz)`;
  for (const { name } of functions) {
    await role.sql.unsafe(`
      insert into own.lure values ('x', false, true, null, now());
      create trigger t after delete on own.lure for each row execute function app_jobs.${name}();`);
    const answer = await role.sql`delete from own.lure`.then(() => "was run", String);
    expect(`${name}: ${answer}`).toContain("WRONG_TABLE");
    await role.sql`drop trigger t on own.lure`;
  }
});

test.each([
  ["tg_add_job_with_row('t')", "own.sly"],
  ["tg_add_job_with_row_id('t')", "own.sly"],
  ["trigger_job_with_fields('t', 'id')", "own.sly"],
  ["tg_add_job_with_row('t')", "own.sly[]"],
  ["tg_add_job_with_row('t')", "own.nested"],
  ["tg_add_job_with_row('t')", "own.narrowed"],
])("%s runs no conversion of somebody else's with the owner's rights, of a %s", async (call, type) => {
  await using database = await withDatabase();
  await using role = await withTypeMaker(database);
  const value = { "own.sly[]": "array['x']::own.sly[]", "own.nested": "row ('x')" }[type] ?? "'x'";
  await role.sql.unsafe(`
    create type own.nested as (inner_one own.sly);
    create domain own.narrowed as own.sly;
    create table own.lure (id ${type});
    create trigger t after insert on own.lure for each row execute function app_jobs.${call};
    set jwt.claims.database_id = '${tenant}';`);
  const answer = await role.sql
    .unsafe(`insert into own.lure values (${value})`)
    .then(() => "was run", String);
  expect(answer).toContain("UNTRUSTED_CONVERSION");
});

test("a conversion to JSON by whoever is the owner, and types without one, go into a payload", async () => {
  await using database = await withDatabase();
  await using _maker = await withTypeMaker(database);
  await database.sql.unsafe(`
    create type public.mood as enum ('well');
    create type public.tag as enum ('x');
    create function public.as_json(public.tag) returns json language sql return '"tagged"'::json;
    create cast (public.tag as json) with function public.as_json(public.tag);
    create table public.note (id integer, mood public.mood, tag public.tag);
    create trigger t after insert on public.note for each row execute function app_jobs.tg_add_job_with_row('t');`);
  await database.sql.begin(async (sql) => {
    await sql`select set_config('jwt.claims.database_id', ${tenant}, true)`;
    await sql`insert into public.note values (1, 'well', 'x')`;
  });
  const [job] = await database.sql`select payload from app_jobs.jobs`;
  expect(job?.["payload"]).toEqual({ id: 1, mood: "well", tag: "tagged" });
});
