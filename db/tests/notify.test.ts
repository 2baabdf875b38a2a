import { expect, test } from "bun:test";
import postgres, { type ISql, type Sql } from "postgres";
import { until } from "../../services/testing/until.ts";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";
import { withFunction } from "../../services/testing/with-function.ts";
import { withJobService } from "../../services/testing/with-job-service.ts";
import { withPostgres } from "../../services/testing/with-postgres.ts";
import { createJobs } from "../client/jobs.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

test("inserts notify at commit, once a transaction, and not when they are rolled back", async () => {
  await using db = await withDatabase();
  const heard: string[] = [];
  for (const channel of ["jobs:insert", "scheduled_jobs:insert", "end"])
    await db.sql.listen(channel, () => heard.push(channel));

  const failed = db.sql.begin(async (sql) => {
    await sql`select app_jobs.add_job(${tenant}, 'a')`;
    throw new Error("no");
  });
  expect(await failed.catch(String)).toContain("no");
  await db.sql`insert into app_jobs.jobs (database_id, task_identifier) select ${tenant}, 'a' from generate_series(1, 50)`;
  await db.sql`select app_jobs.add_job(${tenant}, 'a')`;
  await db.sql`select app_jobs.add_scheduled_job(${tenant}, 'a', '{}', '{"rule":"* * * * *"}')`;
  await db.sql`notify "end"`;
  await until("all is heard", () => heard.includes("end"));
  expect(heard).toEqual(["jobs:insert", "jobs:insert", "scheduled_jobs:insert", "end"]);
});

/** Tells whether a statement notified the workers. */
async function notifies(
  db: TestDatabase,
  act: (sql: TestDatabase["sql"]) => PromiseLike<unknown>,
): Promise<boolean> {
  const heard: string[] = [];
  const channels = ["jobs:insert", "end"].map((channel) => db.sql.listen(channel, () => heard.push(channel)));
  const listening = await Promise.all(channels);
  await act(db.sql);
  await db.sql`notify "end"`;
  await until("all is heard", () => heard.includes("end"));
  for (const listener of listening) await listener.unlisten();
  return heard.includes("jobs:insert");
}

const run = "4a6c0b4e-0f7f-4f0b-9b35-f4cbb6b9f9c8";
const register = (db: TestDatabase) =>
  createJobs(db.sql, "app_jobs").registerWorker({ run, workerId: "w", leaseSeconds: 60 });
const addIn = (interval: string) => (sql: ISql) =>
  sql`select app_jobs.add_job(${tenant}, 'a', run_at => now() + ${interval}::interval)`;

test("without a worker of ours, what is due notifies and what is not does not", async () => {
  await using db = await withDatabase();
  expect(await notifies(db, addIn("0 s"))).toBe(true);
  expect(await notifies(db, addIn("1 hour"))).toBe(false);
});

test("while every worker is awake, nothing notifies but what may not know it, or is told to", async () => {
  await using db = await withDatabase();
  await register(db);
  expect(await notifies(db, addIn("0 s"))).toBe(false);
  expect(await notifies(db, (sql) => sql.begin("isolation level repeatable read", addIn("0 s")))).toBe(true);
  const always = (sql: Sql) =>
    sql.begin(async (own) => {
      await own`set local jobs.notify = 'always'`;
      await addIn("0 s")(own);
    });
  expect(await notifies(db, always)).toBe(true);
});

test("a sleeping worker is woken by what it would sleep past", async () => {
  await using db = await withDatabase();
  const jobs = createJobs(db.sql, "app_jobs");
  await register(db);
  await jobs.restWorker(run, 60);
  expect(await notifies(db, addIn("0 s"))).toBe(true);
  expect(await notifies(db, addIn("30 s"))).toBe(true);
  expect(await notifies(db, addIn("90 s"))).toBe(false);
  await db.sql`select app_jobs.add_job(${tenant}, 'a', job_key => 'k', run_at => now() + interval '1 hour')`;
  expect(await notifies(db, (sql) => sql`select app_jobs.add_job(${tenant}, 'a', job_key => 'k')`)).toBe(
    true,
  );
  await jobs.restWorker(run, null);
  expect(await notifies(db, addIn("0 s"))).toBe(false);
});

test("a plain caller that ends a job wakes a worker that would sleep past what may run then", async () => {
  await using db = await withDatabase();
  await register(db);
  const jobs = createJobs(db.sql, "app_jobs");
  await db.sql`select app_jobs.add_job(${tenant}, 'a', queue_name => 'q') from generate_series(1, 3)`;
  await db.sql`select app_jobs.add_job(${tenant}, 'a', priority => 1)`;
  const claim = async () => {
    const [job] = await db.sql<{ id: string }[]>`select id from app_jobs.get_job('plain')`;
    return job?.id ?? "";
  };
  const [first, free] = [await claim(), await claim()];
  await jobs.restWorker(run, 3600);
  expect(await notifies(db, (sql) => sql`select app_jobs.complete_job('plain', ${first})`)).toBe(true);
  expect(await notifies(db, (sql) => sql`select app_jobs.fail_job('plain', ${free}, 'no')`)).toBe(true);
  const second = await claim();
  expect(await notifies(db, (sql) => sql`select app_jobs.fail_job('plain', ${second}, 'no')`)).toBe(true);
  const third = await claim();
  await jobs.restWorker(run, null);
  expect(await notifies(db, (sql) => sql`select app_jobs.complete_job('plain', ${third})`)).toBe(false);
});

test("a rescue wakes who sleeps, since the job may be of a task that the rescuer does not take", async () => {
  await using db = await withDatabase();
  await register(db);
  await db.sql`select app_jobs.add_job(${tenant}, 'a')`;
  await db.sql`select from app_jobs.get_job('gone', job_expiry => '-1 second')`;
  await createJobs(db.sql, "app_jobs").restWorker(run, 3600);
  expect(await notifies(db, (sql) => sql`select app_jobs.rescue_jobs()`)).toBe(true);
  expect(await notifies(db, (sql) => sql`select app_jobs.rescue_jobs()`)).toBe(false);
});

test("with jobs.notify = 'never' whatever changes the queue can be prepared for two-phase commit", async () => {
  await using server = await withPostgres(["max_prepared_transactions=2"]);
  const sql = postgres(server.url(), { max: 1 });
  const prepare = async (setting: string, statement: string) => {
    await sql.unsafe(`begin; select set_config('jobs.notify', '${setting}', true); ${statement}`);
    const answer = await sql`prepare transaction 'both'`.then(
      () => "prepared",
      () => "refused",
    );
    if (answer === "prepared") await sql`commit prepared 'both'`;
    return [statement, answer];
  };
  const enqueue = `select app_jobs.add_job('${tenant}', 'a', queue_name => 'q')`;
  expect(await prepare("", enqueue)).toEqual([enqueue, "refused"]);
  for (const statement of [
    enqueue,
    `select app_jobs.add_scheduled_job('${tenant}', 'a', '{}', '{"rule":"* * * * *"}')`,
    `update app_jobs.scheduled_jobs set schedule_info = '{"rule":"1 * * * *"}'`,
    `select app_jobs.register_worker('${run}', 'w', 60)`,
    `select app_jobs.rest_worker('${run}', 60)`,
    `select app_jobs.get_jobs('${run}', 1)`,
    "update app_jobs.workers set lease_until = now() - interval '1 second'",
    "select app_jobs.rescue_jobs()",
    "select app_jobs.cancel_jobs('{1,2}')",
    "select app_jobs.retry_dead_jobs('{1,2}')",
    "select app_jobs.set_task_policy('a', timeout_seconds => 5)",
    "truncate app_jobs.task_policies",
  ])
    expect(await prepare("never", statement)).toEqual([statement, "prepared"]);
  await sql.end();
});

test("where the database notifies nobody, services poll each second, and say so", async () => {
  await using db = await withDatabase();
  await db.sql.unsafe(`alter database ${new URL(db.url).pathname.slice(1)} set jobs.notify = 'never'`);
  await using fn = await withFunction(() => Response.json({}));
  await using service = await withJobService({ ...db.env, KNATIVE_SERVICE_URL: fn.url });
  const told = service.events.filter(({ event }) => String(event).includes("jobs.notify"));
  expect(told).toHaveLength(2);
  expect(
    await db.sql`select from pg_stat_activity where query ilike 'listen%' and datname = current_database()`,
  ).toHaveLength(0);
  await db.sql`select app_jobs.add_job(${tenant}, 'a')`;
  await until("the job has run", async () => (await db.sql`select from app_jobs.jobs`).length === 0);
});
