import { expect, test } from "bun:test";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

type Claimed = { id: string | null; task: string | null };

async function claim({ sql }: TestDatabase, worker = "w", tasks: string[] | null = null): Promise<Claimed> {
  const [job] = await sql<Claimed[]>`
    select id, task_identifier as task from app_jobs.get_job(${worker}, ${tasks}::text[])`;
  return job ?? { id: null, task: null };
}

const nothing = { id: null, task: null };

test("jobs are claimed by priority, then by time, then in the order they came", async () => {
  await using db = await withDatabase();
  await db.sql`
    select app_jobs.add_job(${tenant}, name, run_at => now() - make_interval(secs => age), priority => prio)
    from (values ('late', 1, 5), ('first', 9, 0), ('second', 5, 0), ('third', 5, 0), ('urgent', 0, -1))
      as job (name, age, prio)`;
  await db.sql`select app_jobs.add_job(${tenant}, 'future', run_at => now() + interval '1 hour', priority => -9)`;
  const order = [];
  for (let job = await claim(db); job.id !== null; job = await claim(db)) order.push(job.task);
  expect(order).toEqual(["urgent", "first", "second", "third", "late"]);
});

test("a claim takes only the tasks it is told to", async () => {
  await using db = await withDatabase();
  await db.sql`select app_jobs.add_job(${tenant}, 'a')`;
  expect(await claim(db, "w", ["b", "c"])).toEqual(nothing);
  expect(await claim(db, "w", [])).toEqual(nothing);
  expect((await claim(db, "w", ["b", "a"])).task).toBe("a");
});

test("a claim says who has the job, since when, and that it is an attempt", async () => {
  await using db = await withDatabase();
  await db.sql`select app_jobs.add_job(${tenant}, 'a')`;
  await claim(db, "worker-7");
  expect([
    ...(await db.sql`select locked_by, locked_at is not null as is_locked, attempts from app_jobs.jobs`),
  ]).toEqual([{ locked_by: "worker-7", is_locked: true, attempts: 1 }]);
  expect(await claim(db, "other")).toEqual(nothing);
});

test.each(["get_job(null)", "complete_job(null, 1)", "fail_job(null, 1, 'x')", "release_jobs(null)"])(
  "%s raises INVALID_WORKER_ID",
  async (call) => {
    await using db = await withDatabase();
    expect(await db.sql.unsafe(`select app_jobs.${call}`).catch(String)).toContain("INVALID_WORKER_ID");
  },
);

test("a lease lasts for job_expiry, and the attempt of one that ran out counts", async () => {
  await using db = await withDatabase();
  await db.sql`select app_jobs.add_job(${tenant}, 'short'), app_jobs.add_job(${tenant}, 'long')`;
  await db.sql`select app_jobs.get_job('crashed', '{short}', interval '1 minute')`;
  await db.sql`select app_jobs.get_job('crashed', '{long}')`;
  await db.sql`update app_jobs.jobs set locked_at = now() - interval '2 minutes'`;
  expect((await claim(db, "next")).task).toBe("short");
  expect(await claim(db, "next")).toEqual(nothing);
  const [job] = await db.sql`select attempts, locked_by from app_jobs.jobs where task_identifier = 'short'`;
  expect(job).toEqual({ attempts: 2, locked_by: "next" });
  await db.sql`update app_jobs.jobs set locked_at = now() - interval '5 hours' where task_identifier = 'long'`;
  expect((await claim(db, "next")).task).toBe("long");
});

test("a job that keeps crashing its worker runs out of attempts, and says why", async () => {
  await using db = await withDatabase();
  await db.sql`select app_jobs.add_job(${tenant}, 'poison', max_attempts => 2)`;
  for (const worker of ["first", "second"]) {
    expect((await claim(db, worker)).task).toBe("poison");
    await db.sql`update app_jobs.jobs set locked_at = now() - interval '5 hours'`;
  }
  expect(await claim(db)).toEqual(nothing);
  const [job] = await db.sql`select attempts, locked_at, last_error, reason from app_jobs.dead_jobs`;
  expect(job).toEqual({
    reason: "out of attempts",
    attempts: 2,
    locked_at: null,
    last_error: 'Worker "second" gave no outcome within its lease.',
  });
});

test("claims from many connections at once never get the same job", async () => {
  await using db = await withDatabase();
  await db.sql`select app_jobs.add_job(${tenant}, 'a') from generate_series(1, 200)`;
  const claimants = Array.from({ length: 10 }, async (_, worker) => {
    const ids = [];
    for (let job = await claim(db, `w${worker}`); job.id !== null; job = await claim(db, `w${worker}`))
      ids.push(job.id);
    return ids;
  });
  const ids = (await Promise.all(claimants)).flat();
  expect(ids).toHaveLength(200);
  expect(new Set(ids).size).toBe(200);
});
