import { expect, test } from "bun:test";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";
import { onlyRow } from "../client/connect.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

async function depth({ sql }: TestDatabase, atMost: number | null): Promise<number> {
  const rows = await sql<{ depth: string }[]>`select app_jobs.queue_depth(${atMost}) as depth`;
  return Number(onlyRow(rows).depth);
}

test("the depth counts what could run now, up to a bound", async () => {
  await using db = await withDatabase();
  expect(await depth(db, 100)).toBe(0);
  await db.sql`select app_jobs.add_job(${tenant}, 'free') from generate_series(1, 5)`;
  await db.sql`select app_jobs.add_job(${tenant}, 'serial', queue_name => 'q') from generate_series(1, 5)`;
  await db.sql`select app_jobs.add_job(${tenant}, 'later', run_at => now() + interval '1 hour')`;
  expect(await depth(db, 100)).toBe(6);
  expect(await depth(db, 4)).toBe(4);
  expect(await depth(db, null)).toBe(6);
  expect(await depth(db, -1)).toBe(0);
});

test("health names the session that keeps an old snapshot, and how long the oldest job has waited", async () => {
  await using db = await withDatabase();
  await db.sql`select app_jobs.add_job(${tenant}, 'a', run_at => now() - interval '90 seconds')`;
  const session = await db.sql.reserve();
  try {
    await session`begin isolation level repeatable read`;
    const [mine] = await session<
      { pid: number }[]
    >`select pg_backend_pid() as pid from app_jobs.workers right join generate_series(1, 1) on true`;
    for (let n = 0; n < 5; n++) await db.sql`select app_jobs.add_job(${tenant}, 'a')`;
    const health = onlyRow(
      await db.sql<{ age: string; holder: string; since: Date; due: number }[]>`
        select oldest_xmin_age as age, oldest_xmin_holder as holder, oldest_xmin_since as since, oldest_due_seconds as due
        from app_jobs.queue_health()`,
    );
    expect(health.holder).toStartWith(`session ${mine?.pid} of `);
    expect(Number(health.age)).toBeGreaterThanOrEqual(5);
    expect(health.since).toBeInstanceOf(Date);
    expect(health.due).toBeGreaterThanOrEqual(90);
    await session`rollback`;
  } finally {
    session.release();
  }
});

test.each([
  ["without a queue", "null", 0],
  ["of a serial queue", "'q'", 0],
  ["of a serial queue whose job runs", "'q'", 1],
  ["of another priority than younger ones", "null", -1],
])("health tells how long the oldest due job has waited that is %s", async (_, queue, running) => {
  await using db = await withDatabase();
  if (running === 1) await db.sql`select app_jobs.add_job(gen_random_uuid(), 'a', queue_name => 'q')`;
  if (running === 1) await db.sql`select app_jobs.get_job('w')`;
  await db.sql`select app_jobs.add_job(gen_random_uuid(), 'young', priority => -5)`;
  await db.sql.unsafe(
    `select app_jobs.add_job(gen_random_uuid(), 'a', queue_name => ${queue}, run_at => now() - interval '11 minutes')`,
  );
  const [row] = await db.sql<{ seconds: number }[]>`
    select oldest_due_seconds as seconds from app_jobs.queue_health()`;
  expect(row?.seconds).toBeGreaterThanOrEqual(660);
  expect(row?.seconds).toBeLessThan(900);
});
