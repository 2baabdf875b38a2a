import { describe, expect, test } from "bun:test";
import { until } from "../../services/testing/until.ts";
import { tenant, withOriginal } from "../../services/testing/with-original.ts";
import { installPublishedService } from "../../services/testing/with-published-service.ts";
import type { Sql } from "../client/connect.ts";
import { migrate } from "../migrate.ts";
import { readMigrations } from "../read-migrations.ts";
import { adopt, adoptionSql, gateSql, runChangeover } from "./adopt.ts";

const isInstalled = await installPublishedService();

const jobsOf = async (sql: Sql) => [...(await sql`select * from app_jobs.jobs order by id`)];

/** Gives the same after an adoption, and its jobs as they were before it. */
async function withAdopted() {
  const database = await withOriginal();
  const before = await jobsOf(database.sql);
  expect(await migrate(database.settings)).toMatchObject({ adopted: true });
  return { ...database, before };
}

describe.skipIf(!isInstalled)("adopting a database of @pgpm/database-jobs", () => {
  test("keeps every job as it was, the exhausted one among the dead", async () => {
    await using database = await withAdopted();
    const { sql, before } = database;
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
    await using database = await withAdopted();
    expect(await migrate(database.settings)).toMatchObject({ applied: 0, adopted: false });
  });

  test("is not kept off by the journal that drizzle-kit leaves where its first migration fails", async () => {
    await using database = await withOriginal();
    await database.sql.unsafe(
      "create table app_jobs.migrations (id serial primary key, hash text, created_at bigint)",
    );
    expect(await migrate(database.settings)).toMatchObject({ adopted: true });
  });

  test("leaves what runs to its worker, and holds its queue until it ends", async () => {
    await using database = await withAdopted();
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

  test("knows which job a schedule made last, so that its next tick waits for it", async () => {
    await using database = await withOriginal();
    const { sql } = database;
    await sql`select app_jobs.run_scheduled_job(id) from app_jobs.scheduled_jobs`;
    await migrate(database.settings);
    const run = sql`select from app_jobs.scheduled_jobs as s, app_jobs.run_scheduled_job(s.id)`.catch(String);
    expect(await run).toContain("ALREADY_SCHEDULED");
  });

  test("goes on counting ids where the original was", async () => {
    await using database = await withAdopted();
    const [{ id } = {}] = await database.sql<
      { id: string }[]
    >`select id from app_jobs.add_job(${tenant}, 'new')`;
    expect(Number(id)).toBeGreaterThan(9);
  });

  test("gives each tenant its own keys", async () => {
    await using database = await withAdopted();
    const { sql } = database;
    await sql`select app_jobs.add_job(gen_random_uuid(), 'other', job_key => 'k')`;
    expect(await sql`select from app_jobs.jobs where key = 'k'`).toHaveLength(2);
  });
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

test.skipIf(!isInstalled)(
  "the role of a service has what docs/roles.md grants it, after an adoption",
  async () => {
    await using database = await withOriginal();
    const { sql } = database;
    const role = `service_${crypto.randomUUID().slice(0, 8)}`;
    await sql.unsafe(`
    create role ${role};
    grant usage on schema app_jobs to ${role};
    grant select, insert, update, delete on app_jobs.jobs to ${role};`);
    await migrate(database.settings);
    const lacks = await sql`
    select c.relname
    from pg_class as c
    cross join unnest(array['select', 'insert', 'update', 'delete']) as privilege
    where c.relnamespace = 'app_jobs'::regnamespace
      and c.relkind in ('r', 'p')
      and c.relname not in ('callback_keys', 'repairs', 'migrations')
      and not has_table_privilege(${role}, c.oid, privilege)`;
    await sql.unsafe(`drop owned by ${role}; drop role ${role}`);
    expect([...lacks]).toEqual([]);
  },
);

test.skipIf(!isInstalled)("the name of a column runs nothing while an adoption is prepared", async () => {
  await using database = await withOriginal();
  const { sql } = database;
  await sql.unsafe('alter table app_jobs.jobs add "$function$; create table public.trapped (); --" text');
  await runChangeover(sql, gateSql);
  expect([...(await sql`select to_regclass('public.trapped') as trapped`)]).toEqual([{ trapped: null }]);
  expect(await migrate(database.settings).catch(String)).toContain("Cannot adopt app_jobs");
});

test.skipIf(!isInstalled)(
  "an adoption waits for open transactions in short tries, and gives up whole",
  async () => {
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
  },
);

test.skipIf(!isInstalled)(
  "calls of the original's functions that wait for the adoption have their effect",
  async () => {
    await using database = await withOriginal();
    const { sql } = database;
    await runChangeover(sql, gateSql);
    const text = adoptionSql(await readMigrations()).replaceAll("'500ms'", "'60s'");
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
    expect(
      await sql`select from app_jobs.jobs where locked_by = 'work9' and lease_token is not null`,
    ).toHaveLength(1);
    expect(await sql`select from app_jobs.jobs where task_identifier = 'replaced'`).toHaveLength(1);
  },
);

async function isWaiting(sql: Sql, query: string): Promise<boolean> {
  const waiting = await sql`
    select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database() and query like ${query}`;
  return waiting.length > 0;
}
