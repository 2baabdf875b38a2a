import { expect, test } from "bun:test";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";
import { arrayLiteral } from "../client/array-literal.ts";
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
      where c.relnamespace = 'app_jobs'::regnamespace and c.relkind in ('r', 'i')`;
    return Number(row?.read);
  };
  return {
    add: (added: Added) => add(database, added),
    sql,
    jobs,
    claim,
    /** Gives how many rows and index entries of the schema's tables a call reads, by the server's own count. */
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

/** Jobs of task x, 5,000 of them, that are not for a claim which leaves x out, whatever their callers chose; one statement each. */
const backlogs: Readonly<Record<string, string>> = {
  "due, all at one time": "select gen_random_uuid(), 'x', null, now(), 0",
  "due, each at a time of its own": "select gen_random_uuid(), 'x', null, now() - n * interval '1 second', 0",
  "of as many priorities, due": "select gen_random_uuid(), 'x', null, now(), n",
  "of as many urgent priorities, due": "select gen_random_uuid(), 'x', null, now(), -n",
  "of as many priorities, in the future": "select gen_random_uuid(), 'x', null, now() + interval '1 day', -n",
  "of as many tasks, in the future": "select gen_random_uuid(), 'x' || n, null, now() + interval '1 day', 0",
  "at infinity": "select gen_random_uuid(), 'x', null, 'infinity', 0",
  "in as many serial queues, due": "select gen_random_uuid(), 'x', 'q' || n, now(), 0",
  "in as many serial queues of as many priorities, due": "select gen_random_uuid(), 'x', 'q' || n, now(), -n",
  "in as many serial queues, in the future":
    "select gen_random_uuid(), 'x', 'q' || n, now() + interval '1 day', -n",
  "in one serial queue, due": "select gen_random_uuid(), 'x', 'q', now(), 0",
  "in one serial queue of as many priorities, in the future":
    "select gen_random_uuid(), 'x', 'q', now() + interval '1 day', -n",
};

test.each(Object.entries(backlogs))(
  "what a claim reads does not grow with jobs %s that are not for it",
  async (_, rows) => {
    await using db = await withOldPlans();
    await db.sql.unsafe(`
    insert into app_jobs.jobs (database_id, task_identifier, queue_name, run_at, priority)
    ${rows} from generate_series(1, 5000) as n`);
    const tasks = [
      { only: null, except: ["x"] },
      { only: ["a", "b", "c"], except: null },
    ];
    for (const filter of tasks) {
      await db.add({ count: 5 });
      await db.add({ count: 2, queue: `mine-${filter.only === null ? "others" : "some"}` });
      let claimed: readonly LeasedJob[] = [];
      const read = await db.readBy(async () => {
        claimed = (await db.jobs.getJobs({ run, limit: 10, tasks: filter })).jobs;
      });
      expect(claimed).toHaveLength(6);
      expect(read).toBeLessThan(1_500);
    }
    expect(await db.readBy(() => db.jobs.nextJob())).toBeLessThan(100);
    expect(await db.readBy(() => db.sql`select app_jobs.queue_depth(10)`)).toBeLessThan(300);
  },
);

test("what a claim reads does not grow with the priorities of what is due or will be", async () => {
  await using db = await withOldPlans();
  for (const time of ["now()", "now() + interval '1 day'"])
    await db.sql.unsafe(`
      insert into app_jobs.jobs (database_id, task_identifier, run_at, priority)
      select gen_random_uuid(), 'a', ${time}, n from generate_series(1, 5000) as n`);
  let claimed: readonly LeasedJob[] = [];
  expect(await db.readBy(async () => (claimed = await db.claim(10)))).toBeLessThan(500);
  expect(claimed.map(({ priority }) => priority)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test("what a claim reads does not grow with the queues that run", async () => {
  await using db = await withOldPlans();
  await db.add({ count: 2_000, queue: "runs", queues: 1_000 });
  expect(await db.claim(1_000)).toHaveLength(1_000);
  await db.sql`update app_jobs.jobs set locked_at = now() - interval '2 seconds' where locked_at is not null`;
  expect(await db.claim(10)).toHaveLength(0);
  await db.sql`vacuum app_jobs.job_queues`;
  expect(await db.readBy(() => db.claim(10))).toBeLessThan(100);
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

/** Calls that come by the hour and not by the second, or that write more than the queue; each with three jobs of its own. */
function rarerCalls(db: Awaited<ReturnType<typeof withOldPlans>>) {
  const { sql, jobs, claim } = db;
  const leases = (claimed: readonly LeasedJob[]) =>
    claimed.map(({ id, leaseToken }) => ({ jobId: id, leaseToken }));
  const kept = createJobs(sql, "app_jobs", { keepSeconds: 600 });
  const fail = (claimed: readonly LeasedJob[], kind: "retry" | "unreachable" | "dead") =>
    jobs.failJobs(
      leases(claimed).map((lease) => ({ ...lease, kind, message: "no", delaySeconds: null })),
      600,
    );
  const ids = (claimed: readonly LeasedJob[]) => arrayLiteral(claimed.map(({ id }) => id));
  const calls: Record<string, (claimed: readonly LeasedJob[]) => Promise<unknown>> = {
    keep: (claimed) => kept.completeJobs(leases(claimed)),
    retry: (claimed) => fail(claimed, "retry"),
    unreachable: (claimed) => fail(claimed, "unreachable"),
    die: (claimed) => fail(claimed, "dead"),
    cancel: (claimed) => jobs.cancelJobs(claimed.map(({ id }) => id)),
    "give back strays": () => jobs.releaseStrays(run, []),
    orders: () => jobs.beatWorker(run),
    tidy: () => kept.tidyCompleted(),
    reschedule: async (claimed) => {
      await jobs.releaseStrays(run, []);
      await sql`select app_jobs.reschedule_jobs(${ids(claimed)}::text::bigint[], attempts => 0)`;
    },
    "fail by hand": async (claimed) => {
      await jobs.releaseStrays(run, []);
      await sql`select app_jobs.permanently_fail_jobs(${ids(claimed)}::text::bigint[])`;
    },
    "complete by hand": async (claimed) => {
      await jobs.releaseStrays(run, []);
      await sql`select app_jobs.complete_jobs(${ids(claimed)}::text::bigint[])`;
    },
    "retry the dead": async (claimed) => {
      await fail(claimed, "dead");
      await sql`select app_jobs.retry_dead_jobs(${ids(claimed)}::text::bigint[])`;
    },
    "report by callback": async ([first]) => {
      if (first !== undefined) await jobs.callback(leases([first])[0] ?? neverLeased, { kind: "complete" });
    },
  };
  return Object.entries(calls).map(([name, call]) => ({
    name,
    call: async () => {
      const claimed = await claim(3);
      return db.readBy(() => call(claimed));
    },
  }));
}

const neverLeased = { jobId: "0", leaseToken: run };

test("the rarer calls read no more where all tables are long", async () => {
  await using db = await withOldPlans();
  const calls = rarerCalls(db);
  for (let time = 0; time < 8; time++)
    for (const { call } of calls) {
      await db.add({ count: 3 });
      await call();
    }
  await db.add({ count: 5_000 });
  await db.sql`
    insert into app_jobs.job_attempts (job_id, attempt, tries, ended_at, outcome)
    select j.id, n, 1, now(), 'retry' from app_jobs.jobs as j, generate_series(1, 3) as n`;
  await db.sql`
    insert into app_jobs.dead_jobs
    select (jsonb_populate_record(j, jsonb_build_object('id', j.id + 1000000))).*, now(), 'cancelled' from app_jobs.jobs as j`;
  await db.sql`
    insert into app_jobs.completed_jobs
    select (jsonb_populate_record(j, jsonb_build_object('id', j.id + 2000000))).*, now(), 1, null, now() + interval '600 seconds'
    from app_jobs.jobs as j`;
  await db.sql`
    insert into app_jobs.cancelled_leases (worker_run, job_id, lease_token)
    select gen_random_uuid(), n, gen_random_uuid() from generate_series(1, 5000) as n`;
  const read: Record<string, number> = {};
  for (const { name, call } of calls) read[name] = await call();
  expect(Object.entries(read).filter(([, rows]) => rows > 300)).toEqual([]);
});
