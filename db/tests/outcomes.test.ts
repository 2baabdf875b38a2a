import { expect, test } from "bun:test";
import { withDatabase } from "../../services/testing/with-database.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

test("complete_job gives the row and removes it, for its worker alone", async () => {
  await using db = await withDatabase();
  await db.sql`select app_jobs.add_job(${tenant}, 'a')`;
  const [job] = await db.sql`select id from app_jobs.get_job('w')`;
  const [foreign] = await db.sql`select id from app_jobs.complete_job('other', ${job?.["id"]})`;
  expect(foreign).toEqual({ id: null });
  const [unknown] = await db.sql`select id from app_jobs.complete_job('w', 999)`;
  expect(unknown).toEqual({ id: null });
  const [own] = await db.sql`select id, task_identifier from app_jobs.complete_job('w', ${job?.["id"]})`;
  expect(own).toEqual({ id: job?.["id"], task_identifier: "a" });
  expect(await db.sql`select from app_jobs.jobs`).toHaveLength(0);
});

test("a late fail_job changes nothing and gives a row of nulls", async () => {
  await using db = await withDatabase();
  await db.sql`select app_jobs.add_job(${tenant}, 'a')`;
  const [job] = await db.sql`select id from app_jobs.get_job('w')`;
  for (const worker of ["other", "w"]) {
    if (worker === "w") await db.sql`select app_jobs.release_jobs('w')`;
    const [late] = await db.sql`select id from app_jobs.fail_job(${worker}, ${job?.["id"]}, 'late')`;
    expect(late).toEqual({ id: null });
  }
  expect([...(await db.sql`select attempts, last_error from app_jobs.jobs`)]).toEqual([
    { attempts: 0, last_error: null },
  ]);
});

test("a failed job waits between a second and e^attempts seconds, and is dead after its last attempt", async () => {
  await using db = await withDatabase();
  await db.sql`select app_jobs.add_job(${tenant}, 'a', max_attempts => 12)`;
  for (let attempt = 1; attempt <= 12; attempt++) {
    await db.sql`select app_jobs.fail_job('w', id, ${`failure ${attempt}`}) from app_jobs.get_job('w')`;
    const [job] = await db.sql<{ attempts: number; error: string; wait: number }[]>`
      select attempts, last_error as error, extract(epoch from run_at - updated_at)::float8 as wait
      from (select attempts, last_error, run_at, updated_at from app_jobs.jobs
        union all select attempts, last_error, run_at, updated_at from app_jobs.dead_jobs) as all_jobs`;
    expect(job).toMatchObject({ attempts: attempt, error: `failure ${attempt}` });
    const full = Math.exp(Math.min(attempt, 10));
    expect(job?.wait).toBeGreaterThanOrEqual(1 - 0.001);
    expect(job?.wait).toBeLessThanOrEqual(full + 0.001);
    const [early] = await db.sql`select id from app_jobs.get_job('w')`;
    expect(early).toEqual({ id: null });
    await db.sql`update app_jobs.jobs set run_at = now()`;
  }
  const [over] = await db.sql`select id from app_jobs.get_job('w')`;
  expect(over).toEqual({ id: null });
  expect(await db.sql`select from app_jobs.jobs`).toHaveLength(0);
  expect(await db.sql`select from app_jobs.dead_jobs where reason = 'out of attempts'`).toHaveLength(1);
});

test("fail_job with a null message still fails the job", async () => {
  await using db = await withDatabase();
  await db.sql`select app_jobs.add_job(${tenant}, 'a')`;
  await db.sql`select app_jobs.fail_job('w', id, null) from app_jobs.get_job('w')`;
  const [job] =
    await db.sql`select attempts, locked_at, last_error is not null as is_told from app_jobs.jobs`;
  expect(job).toEqual({ attempts: 1, locked_at: null, is_told: true });
});

test("release_jobs gives back the worker's jobs with their attempts, and no one else's", async () => {
  await using db = await withDatabase();
  await db.sql`select app_jobs.add_job(${tenant}, 'a') from generate_series(1, 3)`;
  await db.sql`select app_jobs.get_job('w'), app_jobs.get_job('other')`;
  await db.sql`select app_jobs.release_jobs('w')`;
  const rows = await db.sql`select attempts, locked_by from app_jobs.jobs order by attempts`;
  expect([...rows]).toEqual([
    { attempts: 0, locked_by: null },
    { attempts: 0, locked_by: null },
    { attempts: 1, locked_by: "other" },
  ]);
});

test("an operator's functions change what waits, give its rows, and leave what runs alone", async () => {
  await using db = await withDatabase();
  await db.sql`select app_jobs.add_job(${tenant}, 'running')`;
  await db.sql`select app_jobs.get_job('w')`;
  await db.sql`
    select app_jobs.add_job(${tenant}, 'done'), app_jobs.add_job(${tenant}, 'bad'), app_jobs.add_job(${tenant}, 'moved')`;
  const ids = db.sql`(select array_agg(i) from generate_series(1, 4) as i)`;
  const of = (task: string) =>
    db.sql`(select array_agg(id) from app_jobs.jobs where task_identifier in ('running', ${task}))`;
  expect(await db.sql`select from app_jobs.complete_jobs(${of("done")})`).toHaveLength(1);
  expect(await db.sql`select from app_jobs.permanently_fail_jobs(${of("bad")})`).toHaveLength(1);
  const moved = await db.sql`
    select priority, attempts, max_attempts, run_at from app_jobs.reschedule_jobs(${of("moved")}, '2030-01-01Z', 4)`;
  expect([...moved]).toEqual([
    { priority: 4, attempts: 0, max_attempts: 25, run_at: new Date("2030-01-01Z") },
  ]);
  const revived = await db.sql`
    select task_identifier, attempts from app_jobs.reschedule_jobs(${ids}, run_at => now(), attempts => 0) order by id`;
  expect([...revived]).toEqual([
    { task_identifier: "bad", attempts: 0 },
    { task_identifier: "moved", attempts: 0 },
  ]);
  const [next] = await db.sql`select task_identifier as task from app_jobs.get_job('w')`;
  expect(next).toEqual({ task: "bad" });
});
