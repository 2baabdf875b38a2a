import { expect, test } from "bun:test";
import { withDatabase } from "../../services/testing/with-database.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

/** A database with due jobs of three tasks and one of a fourth that is due later, and what nobody takes of them. */
async function withJobs() {
  const { sql, [Symbol.asyncDispose]: dispose } = await withDatabase();
  await sql`
    select app_jobs.add_job(${tenant}, task, queue_name => case when task = 'paint' then 'q' end)
    from unnest(array['paint', 'paint', 'print', 'weigh']) as task`;
  await sql`select app_jobs.add_job(${tenant}, 'later', run_at => now() + interval '1 hour')`;
  return {
    sql,
    register: async (tasks: string[] | null, excluded: string[] = []) => {
      const run = crypto.randomUUID();
      await sql`select app_jobs.register_worker(${run}, 'w', 60, ${tasks}::text[], ${excluded}::text[])`;
      return run;
    },
    untaken: async (atMost = 100) => {
      const rows = await sql<{ task: string; due: string; isPast: boolean }[]>`
        select task, due, since <= now() as "isPast" from app_jobs.untaken_tasks(${atMost})`;
      expect(rows.every((row) => row.isPast)).toBe(true);
      return rows.map(({ task, due }) => `${task} ${due}`);
    },
    [Symbol.asyncDispose]: dispose,
  };
}

test("a due task is untaken until a living worker takes it, and again when that has gone", async () => {
  await using db = await withJobs();
  expect(await db.untaken()).toEqual(["paint 2", "print 1", "weigh 1"]);
  expect(await db.untaken(2)).toEqual(["paint 2", "print 1"]);
  const run = await db.register(["print", "later"]);
  expect(await db.untaken()).toEqual(["paint 2", "weigh 1"]);
  await db.register(null, ["weigh", "print"]);
  expect(await db.untaken()).toEqual(["weigh 1"]);
  await db.register(["weigh"]);
  expect(await db.untaken()).toEqual([]);
  await db.sql`update app_jobs.workers set lease_until = now() where run = ${run}`;
  expect(await db.untaken()).toEqual(["print 1"]);
});

test("no task is untaken where a worker takes every one, and leased or dead jobs count for none", async () => {
  await using db = await withJobs();
  await db.sql`select app_jobs.permanently_fail_jobs(array(select id from app_jobs.jobs where task_identifier = 'weigh'))`;
  await db.sql`select app_jobs.get_job('w', array['print'])`;
  expect(await db.untaken()).toEqual(["paint 2"]);
  await db.register(null);
  expect(await db.untaken()).toEqual([]);
});
