import { expect, test } from "bun:test";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";
import { arrayLiteral } from "../client/array-literal.ts";
import { claim, claimForRun, leases, tenant } from "./while-open.ts";

// One job that something of the user's own keeps from being freed, or from moving to dead_jobs, keeps no other from it.

/** Adds one job that is on its last attempt and one that has more, and claims both for a run. */
async function withTwoLeased({ sql }: TestDatabase, badAttempts = 1) {
  await sql`select app_jobs.add_job(${tenant}, 'bad', queue_name => 'q', max_attempts => ${badAttempts})`;
  await sql`select app_jobs.add_job(${tenant}, 'good')`;
}

/** What a trigger on dead_jobs says that enqueues without a tenant. */
const refusal = "DATABASE_ID_NOT_SET";
const refuseDead = `
  create trigger tell after insert on app_jobs.dead_jobs
  for each row execute function app_jobs.tg_add_job_with_row_id('tell')`;

/** A trigger on jobs that lets no lease of a bad job end. */
const refuseFree = `
  create function public.keep() returns trigger language plpgsql as $$
  begin
    if new.task_identifier = 'bad' and new.locked_at is null and old.locked_at is not null then
      raise exception 'KEPT';
    end if;
    return new;
  end $$;
  create trigger keep before update on app_jobs.jobs for each row execute function public.keep()`;

const rowsOf = async ({ sql }: TestDatabase) => [
  ...(await sql<{ task: string; isLeased: boolean; error: string | null }[]>`
    select task_identifier as task, locked_at is not null as "isLeased", last_error as error
    from app_jobs.jobs order by id`),
];

const endWorkers = ({ sql }: TestDatabase) =>
  sql`update app_jobs.workers set lease_until = now() - interval '1 second'`;

test("a rescue of a job that cannot move to dead_jobs takes the others back, and get_job goes on", async () => {
  await using db = await withDatabase();
  await withTwoLeased(db);
  await claimForRun(db, 2);
  await db.sql.unsafe(refuseDead);
  await endWorkers(db);
  expect(await db.sql`select from app_jobs.rescue_jobs()`).toHaveLength(2);
  expect(await rowsOf(db)).toEqual([
    {
      task: "bad",
      isLeased: false,
      error: `Cannot be moved to dead_jobs: ${refusal}\nWorker "w" stopped without an answer: its lease ended.`,
    },
    { task: "good", isLeased: false, error: 'Worker "w" stopped without an answer: its lease ended.' },
  ]);
  expect(await claim(db.sql)).toBe("2");
  expect(await claim(db.sql)).toBeNull();
});

test("a dead job that could not be moved is told of by repair, and moved once it can be, with its reason and error", async () => {
  await using db = await withDatabase();
  await withTwoLeased(db);
  await claimForRun(db, 2);
  await db.sql.unsafe(refuseDead);
  await endWorkers(db);
  await db.sql`select app_jobs.rescue_jobs()`;
  const repair = () =>
    db.sql<{ name: string; repaired: string; fault: string | null }[]>`
      select check_name as name, repaired, fault from app_jobs.repair()`;
  expect([...(await repair())]).toEqual([
    { name: "dead", repaired: "0", fault: `job 1: Cannot be moved to dead_jobs: ${refusal}` },
  ]);
  await db.sql`drop trigger tell on app_jobs.dead_jobs`;
  expect([...(await repair())]).toEqual([{ name: "dead", repaired: "1", fault: null }]);
  const dead = await db.sql`select id, attempts, reason, last_error as error from app_jobs.dead_jobs`;
  expect([...dead]).toEqual([
    {
      id: "1",
      attempts: 1,
      reason: "out of attempts",
      error: 'Worker "w" stopped without an answer: its lease ended.',
    },
  ]);
  expect(await repair()).toHaveLength(0);
});

test.each(["fail_leases", "cancel_jobs", "permanently_fail_jobs", "a plain update"])(
  "deaths by %s do not depend on each other",
  async (way) => {
    await using db = await withDatabase();
    await withTwoLeased(db);
    await db.sql.unsafe(`
      alter table app_jobs.dead_jobs add constraint no_bad_ones check (task_identifier <> 'bad')`);
    const { ids, tokens } = way === "fail_leases" ? await claimForRun(db, 2) : { ids: [], tokens: [] };
    const calls: Record<string, string> = {
      fail_leases: `select app_jobs.fail_leases('${arrayLiteral(ids)}', '${arrayLiteral(tokens)}', '{dead,dead}', '{a,b}', '{0,0}')`,
      cancel_jobs: "select app_jobs.cancel_jobs('{1,2}')",
      permanently_fail_jobs: "select app_jobs.permanently_fail_jobs('{1,2}')",
      "a plain update": "update app_jobs.jobs set attempts = max_attempts",
    };
    await db.sql.unsafe(calls[way] ?? "");
    expect((await rowsOf(db)).map(({ task, isLeased }) => [task, isLeased])).toEqual([["bad", false]]);
    expect([...(await db.sql`select task_identifier as task from app_jobs.dead_jobs`)]).toEqual([
      { task: "good" },
    ]);
  },
);

test("a superseded job that could not be moved is never claimed", async () => {
  await using db = await withDatabase();
  await db.sql`select app_jobs.add_job(${tenant}, 'bad', job_key => 'k')`;
  const { run } = await claimForRun(db);
  await db.sql`select app_jobs.add_job(${tenant}, 'new', job_key => 'k')`;
  await db.sql.unsafe(refuseDead);
  await db.sql`select app_jobs.release_worker(${run})`;
  expect(await rowsOf(db)).toMatchObject([
    { task: "bad", error: `Cannot be moved to dead_jobs: ${refusal}` },
    { task: "new" },
  ]);
  expect([await claim(db.sql), await claim(db.sql)]).toEqual(["2", null]);
});

test("a dead job that could not be moved gives its key to the next one", async () => {
  await using db = await withDatabase();
  await db.sql`select app_jobs.add_job(${tenant}, 'bad', job_key => 'k')`;
  await db.sql.unsafe(refuseDead);
  await db.sql`select app_jobs.cancel_jobs('{1}')`;
  await db.sql`select app_jobs.add_job(${tenant}, 'new', job_key => 'k')`;
  await db.sql`drop trigger tell on app_jobs.dead_jobs`;
  await db.sql`select app_jobs.fail_job('w', id, 'no') from app_jobs.get_job('w')`;
  await db.sql`update app_jobs.jobs set attempts = max_attempts`;
  const dead =
    await db.sql`select task_identifier as task, reason, last_error as error from app_jobs.dead_jobs`;
  expect([...dead]).toEqual([{ task: "new", reason: "by an operator", error: "no" }]);
});

test("a lease that cannot be ended is put off, in nobody's hands, while the others end", async () => {
  await using db = await withDatabase();
  await withTwoLeased(db, 25);
  const { ids, tokens } = await claimForRun(db, 2);
  await db.sql.unsafe(refuseFree);
  await endWorkers(db);
  const rescued = await db.sql<
    { id: string }[]
  >`select id from app_jobs.rescue_jobs(1) union all select id from app_jobs.rescue_jobs(2)`;
  expect([...rescued]).toEqual([{ id: "2" }]);
  expect(await rowsOf(db)).toMatchObject([
    { task: "bad", isLeased: true, error: "Its lease has ended, and it cannot be freed: KEPT" },
    { task: "good", isLeased: false },
  ]);
  expect(await db.sql`select from app_jobs.workers`).toHaveLength(0);
  // It is not looked at again at once, and whoever had it has it no more.
  expect(await db.sql`select from app_jobs.rescue_jobs()`).toHaveLength(0);
  const values = [arrayLiteral(ids), arrayLiteral(tokens)];
  const late = "select app_jobs.complete_leases($1::text::bigint[], $2::text::uuid[])";
  expect(await db.sql.unsafe(late, values)).toHaveLength(0);
  await db.sql`drop trigger keep on app_jobs.jobs`;
  await db.sql`update app_jobs.jobs set lease_seconds = -1 where locked_at is not null`;
  await db.sql`select app_jobs.rescue_jobs()`;
  expect([...(await leases(db))]).toEqual([]);
});

test("get_job claims what waits though nothing can be rescued at all", async () => {
  await using db = await withDatabase();
  await db.sql`select app_jobs.add_job(${tenant}, 'good')`;
  await db.sql.unsafe(`
    create or replace function app_jobs.rescue_jobs(row_limit integer default 1000) returns setof app_jobs.rescued_job
    language plpgsql as $$ begin raise exception 'BROKEN'; end $$`);
  expect(await claim(db.sql)).toBe("1");
});

test("of jobs that complete together, one that cannot be kept keeps no other from it", async () => {
  await using db = await withDatabase();
  await withTwoLeased(db);
  const { ids, tokens } = await claimForRun(db, 2);
  await db.sql`alter table app_jobs.completed_jobs add constraint no_bad_ones check (task_identifier <> 'bad')`;
  const keep = "select app_jobs.keep_leases($1::text::bigint[], $2::text::uuid[], 3600)";
  expect(await db.sql.unsafe(keep, [arrayLiteral(ids), arrayLiteral(tokens)])).toHaveLength(2);
  expect([...(await db.sql`select task_identifier as task from app_jobs.completed_jobs`)]).toEqual([
    { task: "good" },
  ]);
});
