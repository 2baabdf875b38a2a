import { expect, test } from "bun:test";
import { until } from "../../services/testing/until.ts";
import { withDatabase } from "../../services/testing/with-database.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";
const run = "9d3c3f0a-6f0e-4ad4-8a10-1c5f0d5f3c11";

test("a run that ends while a claim of its own is under way gives those jobs back too", async () => {
  await using db = await withDatabase();
  const { sql } = db;
  await sql`select app_jobs.register_worker(${run}, 'w', 60)`;
  await sql`select app_jobs.add_job(${tenant}, 'a')`;
  let ending: Promise<unknown> = Promise.resolve();
  await sql.begin(async (claim) => {
    expect(await claim`select from app_jobs.get_jobs(${run}, 1) where kind = 'job'`).toHaveLength(1);
    ending = sql`select app_jobs.release_worker(${run})`.execute();
    await until("the end waits", async () => (await sql`select from pg_locks where not granted`).length > 0);
  });
  await ending;
  expect(await sql`select from app_jobs.workers`).toHaveLength(0);
  expect(await sql`select from app_jobs.jobs where locked_at is null and attempts = 0`).toHaveLength(1);
});

test("the jobs of a run that stopped beating are taken back, at most so many at once, and then its row goes", async () => {
  await using db = await withDatabase();
  const { sql } = db;
  await sql`select app_jobs.register_worker(${run}, 'w', 60)`;
  for (let n = 0; n < 3; n++) await sql`select app_jobs.add_job(${tenant}, 'a')`;
  await sql`select from app_jobs.get_jobs(${run}, 3) where kind = 'job'`;
  expect(await sql`select from app_jobs.rescue_jobs()`).toHaveLength(0);
  await sql`update app_jobs.workers set lease_until = now() - interval '1 second'`;
  expect(await sql`select from app_jobs.rescue_jobs(2)`).toHaveLength(2);
  expect(await sql`select from app_jobs.workers`).toHaveLength(1);
  expect(await sql`select from app_jobs.rescue_jobs(2)`).toHaveLength(1);
  expect(await sql`select from app_jobs.workers`).toHaveLength(0);
  expect(
    await sql`select from app_jobs.jobs where last_error like 'Worker "w" stopped%' and attempts = 1`,
  ).toHaveLength(3);
});

test("a call to give strays back that arrives late takes away nothing that was claimed since", async () => {
  await using db = await withDatabase();
  const { sql } = db;
  await sql`select app_jobs.register_worker(${run}, 'w', 60)`;
  for (let n = 0; n < 2; n++) await sql`select app_jobs.add_job(${tenant}, 'a')`;
  await sql`select from app_jobs.get_jobs(${run}, 1) where kind = 'job'`;
  expect(await sql`select from app_jobs.release_strays(${run}, '{}', 2)`).toHaveLength(1);
  await sql`select from app_jobs.get_jobs(${run}, 2) where kind = 'job'`;
  expect(await sql`select from app_jobs.release_strays(${run}, '{}', 1)`).toHaveLength(0);
  expect(await sql`select from app_jobs.jobs where worker_run = ${run}`).toHaveLength(2);
  expect(await sql`select from app_jobs.release_strays(${run}, '{}', 3)`).toHaveLength(2);
});
