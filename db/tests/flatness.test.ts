import { expect, test } from "bun:test";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";
import { connect } from "../client/connect.ts";
import { createJobs, type Jobs, type LeasedJob } from "../client/jobs.ts";

const run = "9d3c3f0a-6f0e-4ad4-8a10-1c5f0d5f3c11";
const all = { only: null, except: null };

type Added = { readonly count: number; readonly queue?: string; readonly queues?: number };

/** Inserts jobs that are due; those of a queue's name go to so many serial queues, one where not given. */
const add = ({ sql }: Pick<TestDatabase, "sql">, { count, queue, queues = 1 }: Added) =>
  sql`
    insert into app_jobs.jobs (database_id, task_identifier, queue_name)
    select gen_random_uuid(), 'a', ${queue ?? null}::text || i % ${queues}::int from generate_series(1, ${count}::int) as i`;

/** A connection on which every function has made its plans while there was next to nothing, and which counts what is read. */
async function withOldPlans() {
  const database = await withDatabase();
  const sql = connect(database.settings, { max: 1, name: "test" });
  const jobs = createJobs(sql, "app_jobs");
  await jobs.registerWorker({ run, workerId: "w", leaseSeconds: 600 });
  const claim = async (limit: number) => (await jobs.getJobs({ run, limit, tasks: all })).jobs;
  await add(database, { count: 2 });
  await add(database, { count: 2, queue: "old", queues: 2 });
  await sql`vacuum analyze`;
  for (let time = 0; time < 8; time++) {
    await add(database, { count: 3 });
    await add(database, { count: 1, queue: `q${time}` });
    const [first, second, ...others] = await claim(8);
    await report(jobs, { complete: others, accept: first ? [first] : [], fail: second ? [second] : [] });
    await jobs.rescueJobs();
    await jobs.nextJob();
    await sql`select app_jobs.queue_depth(10)`;
  }

  const countRead = async () => {
    const [row] = await sql<{ read: string }[]>`
      select sum(pg_stat_get_xact_tuples_returned(c.oid) + pg_stat_get_xact_tuples_fetched(c.oid)) as read
      from pg_class as c
      left join pg_index as i on i.indexrelid = c.oid
      where coalesce(i.indrelid, c.oid) in ('app_jobs.jobs'::regclass, 'app_jobs.job_queues'::regclass)`;
    return Number(row?.read);
  };
  return {
    add: (added: Added) => add(database, added),
    sql,
    jobs,
    claim,
    /** Gives how many rows and index entries of the queue's tables a call reads, by the server's own count. */
    readBy: async (call: () => Promise<unknown>) => {
      await sql`begin`;
      const before = await countRead();
      await call();
      const read = (await countRead()) - before;
      await sql`commit`;
      return read;
    },
    [Symbol.asyncDispose]: async () => {
      await sql.end({ timeout: 1 });
      await database[Symbol.asyncDispose]();
    },
  };
}

type Report = Record<"complete" | "accept" | "fail", readonly LeasedJob[]>;

async function report(jobs: Jobs, { complete, accept, fail }: Report): Promise<void> {
  const leases = (claimed: readonly LeasedJob[]) =>
    claimed.map(({ id, leaseToken }) => ({ jobId: id, leaseToken }));
  await jobs.completeJobs(leases(complete));
  await jobs.acceptJobs(leases(accept), 600);
  const failures = leases(fail).map((lease) => ({
    ...lease,
    kind: "retry" as const,
    message: "no",
    delaySeconds: 600,
  }));
  await jobs.failJobs(failures, 600);
}

test("what a batch reads does not grow with the table, though its plans were made when that was small", async () => {
  await using db = await withOldPlans();
  await db.add({ count: 5_000 });
  await db.add({ count: 5_000, queue: "many", queues: 5_000 });
  let claimed: readonly LeasedJob[] = [];
  expect(await db.readBy(async () => (claimed = await db.claim(30)))).toBeLessThan(1_500);
  expect(claimed).toHaveLength(30);
  const third = (n: number) => claimed.slice(10 * n, 10 * n + 10);
  expect(
    await db.readBy(() => report(db.jobs, { complete: third(0), accept: third(1), fail: third(2) })),
  ).toBeLessThan(300);
  expect(await db.readBy(() => db.jobs.rescueJobs())).toBeLessThan(4_000);
  expect(await db.readBy(() => db.sql`select app_jobs.queue_depth(10)`)).toBeLessThan(300);
});

test("polls do not read the jobs of the future", async () => {
  await using db = await withOldPlans();
  await db.sql`
    insert into app_jobs.jobs (database_id, task_identifier, run_at)
    select gen_random_uuid(), 'a', now() + interval '1 hour' from generate_series(1, 5000)`;
  expect(await db.readBy(() => db.claim(30))).toBeLessThan(200);
  expect(await db.readBy(() => db.jobs.nextJob())).toBeLessThan(100);
  expect(await db.readBy(() => db.sql`select app_jobs.queue_depth(10)`)).toBeLessThan(100);
});

test("a claim does not read the jobs behind a running one of their queue", async () => {
  await using db = await withOldPlans();
  await db.add({ count: 5_000, queue: "blocked" });
  expect(await db.claim(1)).toHaveLength(1);
  await db.add({ count: 10 });
  expect(await db.readBy(() => db.claim(20))).toBeLessThan(200);
});

test("taking back the dead's jobs reads none of the living", async () => {
  await using db = await withOldPlans();
  await db.add({ count: 2_000 });
  expect(await db.claim(2_000)).toHaveLength(2_000);
  expect(await db.readBy(() => db.jobs.rescueJobs())).toBeLessThan(100);
});
