import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { until } from "../../services/testing/until.ts";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";
import { deployOriginal, installPublishedService } from "../../services/testing/with-published-service.ts";
import type { Sql } from "../client/connect.ts";
import { goBack, migrate } from "../migrate.ts";
import { readMigrations } from "../read-migrations.ts";
import { adopt, adoptionSql, gateSql, runChangeover } from "./adopt.ts";

const tenant = "00000000-0000-4000-8000-000000000001";
const isInstalled = await installPublishedService();
if (!isInstalled) console.info("Adoption is not tested: the published packages cannot be installed here.");

/** Gives a database with the original's tables, and one job of each kind. */
async function withOriginal(): Promise<TestDatabase> {
  const database = await withDatabase("empty");
  await deployOriginal(database.sql);
  await database.sql.unsafe(`
    select app_jobs.add_job('${tenant}', 'running', '{"n": 1}', queue_name => 'serial', priority => -3);
    select app_jobs.add_job('${tenant}', 'failing', max_attempts => 5, priority => -2);
    select app_jobs.add_job('${tenant}', 'exhausted', max_attempts => 1, priority => -1);
    select app_jobs.get_job('work1') from generate_series(1, 3);
    select app_jobs.fail_job('work1', 2, 'a fault'), app_jobs.fail_job('work1', 3, 'the last fault');
    select app_jobs.add_job('${tenant}', 'waiting', '{"b":  1, "a": 2}');
    select app_jobs.add_job('${tenant}', 'keyed', job_key => 'k');
    select app_jobs.add_job('${tenant}', 'queued', queue_name => 'serial') from generate_series(1, 2);
    select app_jobs.add_job('${tenant}', 'later', run_at => now() + interval '1 hour');
    select app_jobs.add_scheduled_job('${tenant}', 'tick', '{}', '{"rule": "0 3 * * *"}', job_key => 's');
    select app_jobs.get_scheduled_job('scheduler-1');
    select nextval('app_jobs.jobs_id_seq')`);
  return database;
}

const jobsOf = async (sql: Sql) => [...(await sql`select * from app_jobs.jobs order by id`)];

/** Everything that a going back must restore: rows, functions, triggers, rights, counters. */
async function pictureOf(sql: Sql): Promise<unknown> {
  const [picture] = await sql`
    select
      (select json_agg(j order by j.id) from app_jobs.jobs as j) as jobs,
      (select json_agg(q order by q.queue_name) from app_jobs.job_queues as q) as queues,
      (
        select json_agg(pg_get_functiondef(p.oid) order by p.oid::regprocedure::text)
        from pg_proc as p
        where p.pronamespace = 'app_jobs'::regnamespace
      ) as functions,
      (
        select json_agg(pg_get_triggerdef(t.oid) order by t.oid)
        from pg_trigger as t
        where not t.tgisinternal
      ) as triggers,
      (
        select json_agg(concat(c.relname, c.relacl::text) order by c.relname)
        from pg_class as c
        where c.relnamespace = 'app_jobs'::regnamespace
      ) as relations,
      (select last_value from app_jobs.jobs_id_seq) as last_id`;
  return picture;
}

describe.skipIf(!isInstalled)("adopting a database of @pgpm/database-jobs", () => {
  let database: TestDatabase;
  let before: Record<string, unknown>[];

  beforeAll(async () => {
    database = await withOriginal();
    before = await jobsOf(database.sql);
    expect(await migrate(database.settings)).toMatchObject({ adopted: true });
  });
  afterAll(() => database[Symbol.asyncDispose]());

  test("keeps every job as it was, the exhausted one among the dead", async () => {
    const { sql } = database;
    const jobs = await jobsOf(sql);
    expect(jobs.map(({ id }) => id)).toEqual(["1", "2", "4", "5", "6", "7", "8"]);
    for (const old of before.filter(({ id }) => id !== "3"))
      expect(jobs.find(({ id }) => id === old["id"])).toMatchObject(old);
    expect([...(await sql`select id, attempts, last_error, reason from app_jobs.dead_jobs`)]).toEqual([
      { id: "3", attempts: 1, last_error: "the last fault", reason: "out of attempts" },
    ]);
    expect([...(await sql`select key, locked_by from app_jobs.scheduled_jobs`)]).toEqual([
      { key: "s", locked_by: "scheduler-1" },
    ]);
  });

  test("happens once", async () => {
    expect(await migrate(database.settings)).toMatchObject({ applied: 0, adopted: false });
  });

  test("leaves what runs to its worker, and holds its queue until it ends", async () => {
    const { sql } = database;
    const claimed = await sql`select id from app_jobs.get_job('work2') as j where j.queue_name = 'serial'`;
    expect(claimed).toHaveLength(0);
    expect([...(await sql`select id from app_jobs.complete_job('stranger', 1)`)]).toEqual([{ id: null }]);
    expect([...(await sql`select id, last_error from app_jobs.fail_job('work1', 1, 'again')`)]).toEqual([
      { id: "1", last_error: "again" },
    ]);
    const next = await sql`
      select (app_jobs.get_job('work3')).queue_name from generate_series(1, 3)`;
    expect(next.map(({ queue_name }) => queue_name)).toContain("serial");
  });

  test("goes on counting ids where the original was", async () => {
    const [{ id } = {}] = await database.sql<
      { id: string }[]
    >`select id from app_jobs.add_job(${tenant}, 'new')`;
    expect(Number(id)).toBeGreaterThan(9);
  });

  test("gives each tenant its own keys", async () => {
    const { sql } = database;
    await sql`select app_jobs.add_job(gen_random_uuid(), 'other', job_key => 'k')`;
    expect(await sql`select from app_jobs.jobs where key = 'k'`).toHaveLength(2);
  });
});

test.skipIf(!isInstalled)("going back restores the original to the letter", async () => {
  await using database = await withOriginal();
  const before = await pictureOf(database.sql);
  await migrate(database.settings);
  await goBack(database.settings);
  expect(await pictureOf(database.sql)).toEqual(before);
  expect(await migrate(database.settings)).toMatchObject({ adopted: true });
});

test.skipIf(!isInstalled)("going back keeps jobs whose keys two tenants share, and paused schedules", async () => {
  await using database = await withOriginal();
  const { sql } = database;
  await migrate(database.settings);
  await sql`select app_jobs.add_job(gen_random_uuid(), 'other', job_key => 'k')`;
  await sql`select app_jobs.pause_scheduled_jobs()`;
  await sql`select app_jobs.permanently_fail_jobs(array[4])`;
  await goBack(database.settings);
  expect(
    await sql`select id, key from app_jobs.jobs where task_identifier in ('keyed', 'other') order by id`,
  ).toMatchObject([
    { id: "5", key: "k" },
    { id: "10", key: null },
  ]);
  expect(
    await sql`select from app_jobs.jobs where id in (3, 4) and attempts = max_attempts`,
  ).toHaveLength(2);
  expect(await sql`select (app_jobs.get_scheduled_job('scheduler-2')).id`).toMatchObject([{ id: null }]);
});

test.skipIf(!isInstalled)("there is no going back while a worker of ours runs, or without an adoption", async () => {
  await using database = await withOriginal();
  await migrate(database.settings);
  await database.sql`select app_jobs.register_worker(gen_random_uuid(), 'ours', 60)`;
  expect(await goBack(database.settings).catch(String)).toBe(
    'AdoptionError: Cannot go back: worker "ours" runs. Stop the job service, drop what is named, and try again. Nothing was changed.',
  );
  await using fresh = await withDatabase();
  expect(await goBack(fresh.settings).catch(String)).toContain(
    "there is no schema app_jobs_before that an adoption put aside",
  );
});

test.skipIf(!isInstalled)("row triggers, views and rights of the application go on, there and back", async () => {
  await using database = await withOriginal();
  const { sql } = database;
  const enqueuer = `enqueuer_${process.pid}`;
  await sql.unsafe(`
    create role ${enqueuer};
    grant usage on schema app_jobs to ${enqueuer};
    grant select on app_jobs.jobs to ${enqueuer};
    create view public.backlog with (security_barrier = true) as
      select count(*) as size from app_jobs.jobs where attempts < max_attempts;
    create table public.orders (id integer);
    create trigger orders_added after insert on public.orders
      for each row execute function app_jobs.tg_add_job_with_row('order');
    create schema jwt_private;
    create function jwt_private.current_database_id() returns uuid language sql as
      $$ select current_setting('jwt.claims.database_id')::uuid $$`);
  const placeOrder = async () => {
    await sql.begin(async (transaction) => {
      await transaction`select set_config('jwt.claims.database_id', ${tenant}, true)`;
      await transaction.unsafe("insert into public.orders values (1)");
    });
    return await sql`select from app_jobs.jobs where task_identifier = 'order'`;
  };
  const enqueue = () =>
    sql.begin(async (transaction) => {
      await transaction.unsafe(`set local role ${enqueuer}`);
      await transaction.unsafe(`select app_jobs.add_job('${tenant}', 'by-role')`);
      return await transaction`select from app_jobs.jobs where task_identifier = 'by-role'`;
    });

  await migrate(database.settings);
  expect(await sql`select * from public.backlog`).toMatchObject([{ size: "7" }]);
  expect(await placeOrder()).toHaveLength(1);
  expect(await enqueue()).toHaveLength(1);
  expect(await sql`select * from public.backlog`).toMatchObject([{ size: "9" }]);
  expect(await sql`select reloptions from pg_class where relname = 'backlog'`).toMatchObject([
    { reloptions: ["security_barrier=true"] },
  ]);

  await goBack(database.settings);
  expect(await placeOrder()).toHaveLength(2);
  expect(await enqueue()).toHaveLength(2);
  expect(await sql`select * from public.backlog`).toMatchObject([{ size: "11" }]);
  await sql.unsafe(`drop owned by ${enqueuer}; drop role ${enqueuer}`);
});

test.skipIf(!isInstalled)("what is not the original's is named, and nothing is changed", async () => {
  await using database = await withOriginal();
  const { sql } = database;
  await sql.unsafe(`
    alter table app_jobs.jobs add column team text, drop column last_error;
    create function app_jobs.mine() returns void language sql as '';
    create table public.notes (job_id bigint references app_jobs.jobs);
    create materialized view public.counts as select count(*) from app_jobs.jobs`);
  const before = await jobsOf(sql);
  const fault = await migrate(database.settings).catch(String);
  for (const named of [
    "it has no column jobs.last_error text",
    "it also has the column jobs.team text",
    "it also has the function mine",
    "it is used by the constraint notes_job_id_fkey on table public.notes",
    "it is used by the rule _RETURN on materialized view public.counts",
  ])
    expect(fault).toContain(named);
  expect(fault).not.toContain("complete_job");
  expect(await jobsOf(sql)).toEqual(before);
});

test.skipIf(!isInstalled)("an adoption waits for open transactions in short tries, and gives up whole", async () => {
  await using database = await withOriginal();
  const { sql } = database;
  const migrations = await readMigrations();
  await using open = await sql.reserve().then((session) => ({
    session,
    [Symbol.asyncDispose]: async () => session.release(),
  }));
  await open.session`begin`;
  await open.session`select app_jobs.add_job(${tenant}, 'in-flight')`;
  const once = await adopt(sql, migrations, { tries: 1, pauseMs: 0 }).catch(String);
  expect(once).toContain("other sessions hold locks on its tables");
  expect(await sql`select from app_jobs.jobs`).toHaveLength(8);

  const changeover = adopt(sql, migrations, { tries: 200, pauseMs: 20 });
  await until("it waits", () => isWaiting(sql, "%adoption%"));
  await open.session`commit`;
  await changeover;
  expect(await sql`select from app_jobs.jobs where task_identifier = 'in-flight'`).toHaveLength(1);
});

test.skipIf(!isInstalled)("calls of the original's functions that wait for the adoption have their effect", async () => {
  await using database = await withOriginal();
  const { sql } = database;
  await runChangeover(sql, await gateSql());
  const text = (await adoptionSql(await readMigrations())).replaceAll("'500ms'", "'60s'");
  const blocker = await sql.reserve();
  await blocker`begin`;
  await blocker`lock table app_jobs.job_queues in access share mode`;
  const changeover = runChangeover(sql, text);
  await until("the adoption has all other tables", () => isWaiting(sql, "%adoption%"));

  // They have found the original's functions, and wait inside.
  const calls = Promise.all([
    sql.unsafe("select id, task_identifier from app_jobs.complete_job('work1', 1)"),
    sql.unsafe("select locked_by, max_attempts from app_jobs.get_job('work9')"),
    sql.unsafe(`select id, key from app_jobs.add_job('${tenant}', 'replaced', job_key => 'k')`),
    sql.unsafe("select key from app_jobs.get_scheduled_job('scheduler-9')"),
    sql.unsafe("select app_jobs.release_scheduled_jobs('scheduler-8')"),
  ]);
  await until("they wait inside", async () => {
    const waiting = await sql`
      select from pg_locks
      where not granted and relation in ('app_jobs.jobs'::regclass, 'app_jobs.scheduled_jobs'::regclass)`;
    return waiting.length === 5;
  });
  await blocker`commit`;
  blocker.release();
  await changeover;

  const [completed, claimed, added, schedule] = await calls;
  expect(completed).toMatchObject([{ id: "1", task_identifier: "running" }]);
  expect(claimed).toMatchObject([{ locked_by: "work9", max_attempts: 25 }]);
  expect(added).toMatchObject([{ key: "k" }]);
  expect(schedule).toMatchObject([{ key: null }]);
  expect(await sql`select from app_jobs.jobs where id = 1`).toHaveLength(0);
  expect(await sql`select from app_jobs.jobs where locked_by = 'work9' and lease_token is not null`).toHaveLength(1);
  expect(await sql`select from app_jobs.jobs where task_identifier = 'replaced'`).toHaveLength(1);
});

async function isWaiting(sql: Sql, query: string): Promise<boolean> {
  const waiting = await sql`
    select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database() and query like ${query}`;
  return waiting.length > 0;
}
