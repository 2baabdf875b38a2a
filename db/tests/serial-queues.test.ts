import { expect, test } from "bun:test";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

async function claim({ sql }: TestDatabase, worker = "w"): Promise<{ id: string; name: string } | null> {
  const [job] = await sql<{ id: string | null; name: string }[]>`
    select id, payload ->> 'name' as name from app_jobs.get_job(${worker})`;
  return job?.id ? { id: job.id, name: job.name } : null;
}

const add = ({ sql }: TestDatabase, name: string, queue: string | null) =>
  sql`select app_jobs.add_job(${tenant}, 'a', json_build_object('name', ${name}::text), queue_name => ${queue})`;

test("jobs of a queue run one at a time, in order, and hold up nobody else", async () => {
  await using db = await withDatabase();
  for (const name of ["q1", "q2", "q3"]) await add(db, name, "q");
  await add(db, "other queue", "r");
  await add(db, "no queue", null);
  const started = [await claim(db), await claim(db), await claim(db)];
  expect(started.map((job) => job?.name).sort((a, b) => (String(a) < String(b) ? -1 : 1))).toEqual([
    "no queue",
    "other queue",
    "q1",
  ]);
  expect(await claim(db)).toBeNull();
  for (const next of ["q2", "q3"]) {
    await db.sql`select app_jobs.complete_job('w', id) from app_jobs.jobs where locked_at is not null and queue_name = 'q'`;
    expect((await claim(db))?.name).toBe(next);
  }
});

test.each([
  ["completed", "select app_jobs.complete_job('w', $1)", "second"],
  ["released", "select app_jobs.release_jobs('w') where $1::bigint > 0", "first"],
  ["failed", "select app_jobs.fail_job('w', $1, 'no')", "second"],
])("a queue goes on when its running job is %s", async (_, sql, next) => {
  await using db = await withDatabase();
  await add(db, "first", "q");
  await add(db, "second", "q");
  const first = await claim(db);
  await db.sql.unsafe(sql, [first?.id ?? ""]);
  expect((await claim(db))?.name).toBe(next);
});

test("the first place that there can be is looked at too", async () => {
  await using db = await withDatabase();
  await db.sql`
    select app_jobs.add_job(gen_random_uuid(), 'a', queue_name => '', priority => -2147483648, run_at => '-infinity')`;
  expect([...(await db.sql`select queue_name from app_jobs.get_job('w')`)]).toEqual([{ queue_name: "" }]);
});

test("a plain update moves a waiting job to another queue, or to another time", async () => {
  await using db = await withDatabase();
  await add(db, "first", "q");
  await add(db, "moved", "q");
  await add(db, "later", "r");
  await db.sql`update app_jobs.jobs set run_at = now() + interval '1 hour' where payload ->> 'name' = 'later'`;
  await claim(db);
  expect(await claim(db)).toBeNull();
  await db.sql`update app_jobs.jobs set queue_name = 's' where payload ->> 'name' = 'moved'`;
  expect((await claim(db))?.name).toBe("moved");
  await db.sql`update app_jobs.jobs set run_at = now() where payload ->> 'name' = 'later'`;
  expect((await claim(db))?.name).toBe("later");
});

test.each([
  ["completed", "select app_jobs.complete_job('w', $1)", "second"],
  ["released", "select app_jobs.release_jobs('w') where $1::bigint > 0", "first"],
  ["failed", "select app_jobs.fail_job('w', $1, 'no')", "second"],
  ["deleted by hand", "delete from app_jobs.jobs where id = $1", "second"],
  ["moved to another queue by hand", "update app_jobs.jobs set queue_name = 'r' where id = $1", "second"],
])("a queue that was parked goes on when its running job is %s", async (_, sql, next) => {
  await using db = await withDatabase();
  await add(db, "first", "q");
  await add(db, "second", "q");
  const first = await claim(db);
  await db.sql`update app_jobs.jobs set locked_at = now() - interval '2 seconds' where locked_at is not null`;
  await db.sql`select app_jobs.park_queues('{q,r}')`;
  expect(await db.sql`select from app_jobs.job_queues where closed_until = 'infinity'`).toHaveLength(1);
  expect(await claim(db)).toBeNull();
  await db.sql.unsafe(sql, [first?.id ?? ""]);
  expect(await db.sql`select from app_jobs.job_queues where closed_until = 'infinity'`).toHaveLength(0);
  expect((await claim(db))?.name).toBe(next);
});

test("only queues that have run for a second are parked, and an emptied table parks none", async () => {
  await using db = await withDatabase();
  for (const queue of ["q", "q", "r"]) await add(db, queue, queue);
  await claim(db);
  await db.sql`select app_jobs.park_queues('{q,r}')`;
  expect(await db.sql`select from app_jobs.job_queues where closed_until = 'infinity'`).toHaveLength(0);
  await db.sql`update app_jobs.jobs set locked_at = now() - interval '2 seconds' where locked_at is not null`;
  await db.sql`select app_jobs.park_queues('{q,r}')`;
  await db.sql`truncate app_jobs.jobs`;
  await add(db, "anew", "q");
  expect((await claim(db))?.name).toBe("anew");
});

test("a claim is short only when nothing more is due, whatever queues have emptied before", async () => {
  await using db = await withDatabase();
  const { sql } = db;
  const run = "9d3c3f0a-6f0e-4ad4-8a10-1c5f0d5f3c11";
  await sql`select app_jobs.register_worker(${run}, 'w', 60)`;
  for (let n = 0; n < 12; n++) await add(db, String(n), `q${n}`);
  await sql`update app_jobs.jobs set attempts = max_attempts where payload ->> 'name' < '5'`;
  const left = (await sql`select from app_jobs.jobs where attempts < max_attempts`).length;
  expect(await sql`select from app_jobs.get_jobs(${run}, 4) where kind = 'job'`).toHaveLength(4);
  expect(await sql`select from app_jobs.get_jobs(${run}, 100) where kind = 'job'`).toHaveLength(left - 4);
  expect(await sql`select from app_jobs.get_jobs(${run}, 100) where kind = 'job'`).toHaveLength(0);
});
