import { expect, test } from "bun:test";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";
import { claim, tenant } from "./while-open.ts";

// An id stands for one job: in dead_jobs, in its history, in the log, and as Idempotency-Key at its function.

const add = async ({ sql }: TestDatabase, task = "a") =>
  (await sql<{ id: string }[]>`select id from app_jobs.add_job(${tenant}, ${task}, max_attempts => 1)`)[0]
    ?.id;

/** Claims the next job and lets it fail, which is its death. */
const die = async ({ sql }: TestDatabase, error: string) => {
  const id = await claim(sql);
  await sql`select app_jobs.fail_job('w', ${id}, ${error})`;
  return id;
};

test("no id comes again after truncate … restart identity, and what dies then is recorded", async () => {
  await using db = await withDatabase();
  await add(db);
  await add(db);
  const seen = [await die(db, "first"), await claim(db.sql)];
  await db.sql`truncate app_jobs.jobs restart identity`;
  await add(db);
  expect(seen).not.toContain(await die(db, "second"));
  expect([...(await db.sql`select last_error as error from app_jobs.dead_jobs order by id`)]).toEqual([
    { error: "first" },
    { error: "second" },
  ]);
});

test("truncate without it, and one that is rolled back, leave the ids where they were", async () => {
  await using db = await withDatabase();
  await add(db);
  await db.sql`truncate app_jobs.jobs`;
  expect(await add(db)).toBe("2");
  await db.sql
    .begin(async (tx) => {
      await tx`truncate app_jobs.jobs restart identity`;
      throw new Error("no");
    })
    .catch(() => undefined);
  expect(await add(db)).toBe("3");
});

test("a job that dies with a dead one's id is recorded under another, with its own history", async () => {
  await using db = await withDatabase();
  await add(db);
  await die(db, "first");
  await db.sql`alter sequence app_jobs.jobs_id_seq restart`;
  expect(await add(db)).toBe("1");
  await die(db, "second");
  const letters = await db.sql<{ id: string; error: string }[]>`
    select id, last_error as error from app_jobs.dead_jobs order by died_at`;
  expect(letters.map(({ error }) => error)).toEqual(["first", "second"]);
  for (const { id, error } of letters)
    expect([...(await db.sql`select error from app_jobs.job_history(${id})`)]).toEqual([{ error }]);
  expect(new Set(letters.map(({ id }) => id)).size).toBe(2);
  expect(await db.sql`select from app_jobs.jobs`).toHaveLength(0);
  // The sequence has learned of the others.
  expect(Number(await add(db))).toBeGreaterThan(Math.max(...letters.map(({ id }) => Number(id))));
});

test.each([
  ["retry_dead_jobs(array[1])", 2],
  ["reschedule_jobs(array[1], attempts => 0)", 2],
  ["complete_jobs(array[1])", 0],
])("app_jobs.%s of a dead job whose id another has by now leaves %d jobs", async (call, left) => {
  await using db = await withDatabase();
  await add(db, "dead");
  await die(db, "no");
  await db.sql`alter sequence app_jobs.jobs_id_seq restart`;
  await add(db, "alive");
  await db.sql.unsafe(`select app_jobs.${call}`);
  const jobs = await db.sql<{ task: string; isLive: boolean }[]>`
    select task_identifier as task from app_jobs.jobs order by id`;
  expect([...jobs]).toEqual([{ task: "alive" }, { task: "dead" }].slice(0, left) as never);
  expect(await db.sql`select from app_jobs.dead_jobs`).toHaveLength(0);
});

test("a late success of a dead job whose id another has by now ends it and not the other", async () => {
  await using db = await withDatabase();
  const run = crypto.randomUUID();
  await db.sql`select app_jobs.register_worker(${run}, 'w', 60)`;
  await add(db, "dead");
  const [lease] = await db.sql<
    { token: string }[]
  >`select lease_token as token from app_jobs.get_jobs(${run}, 1) where kind = 'job'`;
  const token = lease?.token ?? "";
  await db.sql`select app_jobs.fail_leases(array[1::bigint], array[${token}::uuid], '{retry}', '{lost}', '{0}')`;
  await db.sql`alter sequence app_jobs.jobs_id_seq restart`;
  await add(db, "alive");
  const [answer] = await db.sql`select app_jobs.callback_job(1, ${token}, '{"kind": "complete"}') as result`;
  expect(answer).toEqual({ result: "taken" });
  expect([...(await db.sql`select task_identifier as task from app_jobs.jobs`)]).toEqual([{ task: "alive" }]);
  expect(await db.sql`select from app_jobs.dead_jobs`).toHaveLength(0);
});

test.each([
  [
    "failed for good",
    `select app_jobs.fail_leases(array[1::bigint], array[$1::text::uuid], '{dead}', '{no}', '{0}')`,
  ],
  ["cancelled", "select app_jobs.cancel_jobs('{1}') where $1::text <> ''"],
  [
    "superseded",
    "select app_jobs.add_job(database_id, 'a', job_key => 'k'), app_jobs.release_worker(worker_run) from app_jobs.jobs where $1::text <> ''",
  ],
])("a job that was %s in its first attempt is told with the attempts that were", async (reason, end) => {
  await using db = await withDatabase();
  const run = crypto.randomUUID();
  await db.sql`select app_jobs.register_worker(${run}, 'w', 60)`;
  await db.sql`select app_jobs.add_job(${tenant}, 'a', job_key => 'k')`;
  const [lease] = await db.sql<
    { token: string }[]
  >`select lease_token as token from app_jobs.get_jobs(${run}, 1) where kind = 'job'`;
  await db.sql.unsafe(end, [lease?.token ?? ""]);
  const dead = await db.sql`select attempts, max_attempts, reason from app_jobs.dead_jobs`;
  // What is given back has its attempt back.
  expect([...dead]).toEqual([{ attempts: reason === "superseded" ? 0 : 1, max_attempts: 25, reason }]);
});

test("a job that was cancelled while it waited, or ended by an operator, has had no attempt", async () => {
  await using db = await withDatabase();
  await db.sql`select app_jobs.add_job(${tenant}, 'a') from generate_series(1, 3)`;
  await db.sql`select app_jobs.cancel_jobs('{1}')`;
  await db.sql`select app_jobs.permanently_fail_jobs('{2}')`;
  await db.sql`update app_jobs.jobs set attempts = max_attempts where id = 3`;
  expect([...(await db.sql`select attempts from app_jobs.dead_jobs`)]).toEqual(
    Array.from({ length: 3 }, () => ({ attempts: 0 })),
  );
});
