import { expect, test } from "bun:test";
import { withDatabase } from "../../services/testing/with-database.ts";
import { tenant, withOriginal } from "../../services/testing/with-original.ts";
import { installPublishedService } from "../../services/testing/with-published-service.ts";
import type { Sql } from "../client/connect.ts";
import { goBack, migrate } from "../migrate.ts";

const isInstalled = await installPublishedService();

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

test.skipIf(!isInstalled)("going back restores the original to the letter", async () => {
  await using database = await withOriginal();
  const before = await pictureOf(database.sql);
  await migrate(database.settings);
  await goBack(database.settings);
  expect(await pictureOf(database.sql)).toEqual(before);
  expect(await migrate(database.settings)).toMatchObject({ adopted: true });
});

test.skipIf(!isInstalled)(
  "going back keeps jobs whose keys two tenants share, and paused schedules",
  async () => {
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
    expect(await sql`select from app_jobs.jobs where id in (3, 4) and attempts = max_attempts`).toHaveLength(
      2,
    );
    expect(await sql`select (app_jobs.get_scheduled_job('scheduler-2')).id`).toMatchObject([{ id: null }]);
  },
);

test.skipIf(!isInstalled)(
  "there is no going back while a worker of ours runs, or without an adoption",
  async () => {
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
  },
);

test.skipIf(!isInstalled)(
  "row triggers, views and rights of the application go on, there and back",
  async () => {
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
  },
);
