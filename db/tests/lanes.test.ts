import { expect, test } from "bun:test";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";
import { createJobs, type TaskFilter } from "../client/jobs.ts";

// What a claim takes, and in which order, where it leaves tasks out, where jobs are delayed, and where payloads are large. How
// little it reads for that is in flatness.test.ts.

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";
const all: TaskFilter = { only: null, except: null };

/** A registered worker's claims. */
async function withClaims() {
  const db = await withDatabase();
  const jobs = createJobs(db.sql, "app_jobs");
  const run = crypto.randomUUID();
  await jobs.registerWorker({ run, workerId: "w", leaseSeconds: 600 });
  return {
    sql: db.sql,
    jobs,
    claim: (limit: number, tasks: TaskFilter = all, maxBytes?: number) =>
      jobs.getJobs({ run, limit, tasks, ...(maxBytes === undefined ? {} : { maxBytes }) }),
    [Symbol.asyncDispose]: () => db[Symbol.asyncDispose](),
  };
}

/** Adds so many due jobs of a task, behind all that are there. */
const crowd = ({ sql }: Pick<TestDatabase, "sql">, task: string, count: number) =>
  sql`
    insert into app_jobs.jobs (database_id, task_identifier, run_at)
    select ${tenant}::uuid, ${task}::text, now() - interval '1 hour' from generate_series(1, ${count}::int)`;

const tasksOf = (claimed: readonly { readonly taskIdentifier: string }[]) =>
  claimed.map(({ taskIdentifier }) => taskIdentifier);

test.each<[string, TaskFilter]>([
  ["leaves one task out", { only: null, except: ["crowd"] }],
  ["takes some tasks alone", { only: ["b", "a", "none"], except: null }],
])("behind a crowd of others, a claim that %s keeps priority before time", async (_, filter) => {
  await using db = await withClaims();
  await crowd(db, "crowd", 2_000);
  for (const [task, priority, minutes] of [
    ["a", 5, 30],
    ["a", 0, 10],
    ["b", 0, 20],
    ["b", -5, 1],
    ["a", 0, 5],
  ] as const)
    await db.sql`
      select app_jobs.add_job(${tenant}, ${task}, priority => ${priority},
        run_at => now() - ${minutes}::int * interval '1 minute')`;
  const first = await db.claim(3, filter);
  const second = await db.claim(3, filter);
  expect(first.mayBeMore).toBe(true);
  expect(second.mayBeMore).toBe(false);
  expect([...tasksOf(first.jobs), ...tasksOf(second.jobs)]).toEqual(["b", "b", "a", "a", "a"]);
  expect([...first.jobs, ...second.jobs].map(({ priority }) => priority)).toEqual([-5, 0, 0, 0, 5]);
});

test("where more tasks are ready than one claim looks at, each has its turn", async () => {
  await using db = await withClaims();
  await crowd(db, "crowd", 2_000);
  await db.sql`
    insert into app_jobs.jobs (database_id, task_identifier)
    select ${tenant}::uuid, 'task-' || n from generate_series(1, 600) as n`;
  const seen = new Set<string>();
  for (let claims = 0; claims < 40 && seen.size < 600; claims++) {
    const { jobs } = await db.claim(50, { only: null, except: ["crowd"] });
    for (const task of tasksOf(jobs)) seen.add(task);
  }
  expect(seen.size).toBe(600);
  expect(seen).not.toContain("crowd");
});

test("two claims at once, each past a crowd, take everything once", async () => {
  await using db = await withClaims();
  await crowd(db, "crowd", 2_000);
  await crowd(db, "a", 60);
  const filter = { only: null, except: ["crowd"] };
  const ids = (await Promise.all([db.claim(40, filter), db.claim(40, filter)])).flatMap(({ jobs }) => jobs);
  const left = (await db.claim(100, filter)).jobs;
  expect(new Set([...ids, ...left].map(({ id }) => id)).size).toBe(60);
});

test("a worker of some tasks goes by its own order in a serial queue of several, past what it leaves out", async () => {
  await using db = await withClaims();
  const add = (task: string) => db.sql`select app_jobs.add_job(${tenant}, ${task}, queue_name => 'q')`;
  for (const task of ["x", "a", "x", "a"]) await add(task);
  const claim = async (filter: TaskFilter) => {
    const [job] = (await db.claim(1, filter)).jobs;
    if (job !== undefined) await db.jobs.completeJobs([{ jobId: job.id, leaseToken: job.leaseToken }]);
    return job && `${job.taskIdentifier}${job.id}`;
  };
  expect(await claim({ only: ["a"], except: null })).toBe("a2");
  expect(await claim(all)).toBe("x1");
  expect(await claim({ only: null, except: ["x"] })).toBe("a4");
  expect(await claim({ only: ["a"], except: null })).toBeUndefined();
  expect(await claim(all)).toBe("x3");
  expect(await db.sql`select from app_jobs.job_queues`).toHaveLength(0);
});

test("the head of a serial queue of many tasks is the first of all of them", async () => {
  await using db = await withClaims();
  await db.sql`
    insert into app_jobs.jobs (database_id, task_identifier, queue_name, priority)
    select ${tenant}::uuid, 'task-' || n, 'q', (n * 37) % 100 from generate_series(1, 100) as n`;
  const priorities: number[] = [];
  for (let n = 0; n < 100; n++) {
    const [job] = (await db.claim(5)).jobs;
    if (job === undefined) break;
    priorities.push(job.priority);
    await db.jobs.completeJobs([{ jobId: job.id, leaseToken: job.leaseToken }]);
  }
  expect(priorities).toEqual(Array.from({ length: 100 }, (_, n) => n));
});

test.each([
  ["without a queue", null],
  ["of a serial queue", "q"],
])("a delayed job %s is ready once its time has come, whoever made it wait", async (_, queue) => {
  await using db = await withClaims();
  const claimed = async () => (await db.claim(10)).jobs.map(({ id }) => id);
  await db.sql`
    select app_jobs.add_job(${tenant}, 'a', queue_name => ${queue}, run_at => now() + interval '1 hour')`;
  await db.sql`
    insert into app_jobs.jobs (database_id, task_identifier, queue_name, run_at)
    values (${tenant}, 'a', ${queue}, now() + interval '1 hour')`;
  await db.sql`
    insert into app_jobs.jobs (database_id, task_identifier, queue_name, run_at)
    values (${tenant}, 'never', ${queue}, 'infinity')`;
  expect(await claimed()).toEqual([]);
  expect((await db.jobs.nextJob()).seconds).toBeGreaterThan(3_000);
  // By the clock alone: nothing but the time that the row is compared with changes.
  await db.sql`
    update app_jobs.jobs set run_at = now() - interval '1 minute', updated_at = now() - interval '1 hour' where id = 2`;
  expect((await db.jobs.nextJob(3_600)).seconds).toBeLessThan(0);
  expect(await claimed()).toEqual(["2"]);
  await db.sql`select app_jobs.complete_jobs(array[2])`;
  await db.sql`delete from app_jobs.jobs where id = 2`;
  await db.sql`update app_jobs.jobs set run_at = now() where id = 1`;
  expect(await claimed()).toEqual(["1"]);
  expect((await db.jobs.nextJob()).seconds).toBe(null);
});

test("who waits for the clock is told of a delayed job beside ready ones that are not for it", async () => {
  await using db = await withClaims();
  await crowd(db, "crowd", 10);
  await db.sql`select app_jobs.add_job(${tenant}, 'a', run_at => now() + interval '1 minute')`;
  expect((await db.claim(10, { only: ["a"], except: null })).jobs).toEqual([]);
  const { seconds } = await db.jobs.nextJob();
  expect(seconds).toBeGreaterThan(30);
  expect(seconds).toBeLessThanOrEqual(60);
});

test("what came due at once is made ready by the batch, and the claim says that there may be more", async () => {
  await using db = await withClaims();
  await db.sql`
    insert into app_jobs.jobs (database_id, task_identifier, run_at, updated_at)
    select ${tenant}::uuid, 'x', now() - interval '1 minute', now() - interval '1 hour' from generate_series(1, 700)`;
  const filter = { only: ["a"], except: null };
  expect((await db.claim(10, filter)).mayBeMore).toBe(true);
  expect((await db.claim(10, filter)).mayBeMore).toBe(false);
  expect(await db.sql`select from app_jobs.jobs where run_at > updated_at`).toHaveLength(0);
});

test.each([
  ["as it is", "select string_agg(md5(n::text || i), '') from generate_series(1, 10000) as i"],
  ["compressed", "select repeat('x', 320000 + 0 * n)"],
])("a claim takes no more bytes of payload, stored %s, than it may, but one job", async (_, text) => {
  await using db = await withClaims();
  await db.sql.unsafe(`
    insert into app_jobs.jobs (database_id, task_identifier, payload)
    select '${tenant}', 'a', to_json((${text})) from generate_series(1, 6) as n`);
  const first = await db.claim(10, all, 700_000);
  expect(first.jobs.map(({ payload }) => payload.length)).toEqual([320_002, 320_002]);
  expect(first.mayBeMore).toBe(true);
  expect((await db.claim(10, all, 1)).jobs).toHaveLength(1);
  const rest = await db.claim(10);
  expect(rest.jobs).toHaveLength(3);
  expect(rest.mayBeMore).toBe(false);
});

test.each([
  ["add_job", (payload: string) => `select app_jobs.add_job('${tenant}', 'a', ${payload})`],
  [
    "add_jobs",
    (payload: string) =>
      `select app_jobs.add_jobs(array[json_build_object('db_id', '${tenant}', 'identifier', 'a', 'payload', ${payload})])`,
  ],
  [
    "add_task_jobs",
    (payload: string) => `select app_jobs.add_task_jobs('${tenant}', 'a', array[${payload}])`,
  ],
  [
    "a plain insert",
    (payload: string) =>
      `insert into app_jobs.jobs (database_id, task_identifier, payload) values ('${tenant}', 'a', ${payload})`,
  ],
  [
    "a key's replacement",
    (payload: string) => `select app_jobs.add_job('${tenant}', 'a', ${payload}, job_key => 'k')`,
  ],
])(
  "a payload of more than 16 MiB is refused in words by %s, and one of less is taken",
  async (_, statement) => {
    await using db = await withClaims();
    const sized = (bytes: number) => `to_json(repeat('x', ${bytes - 2}))`;
    await db.sql`select app_jobs.add_job(${tenant}, 'a', job_key => 'k')`;
    const limit = 16 * 1024 * 1024;
    const refusal = await db.sql.unsafe(statement(sized(limit + 1))).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ message: "INVALID_JOB", code: "23514" });
    expect(String((refusal as { detail?: string }).detail)).toContain(String(limit));
    await db.sql.unsafe(statement(sized(limit)));
  },
);

test.each<[string, TaskFilter]>([
  ["takes all tasks", all],
  ["leaves a task out", { only: null, except: ["none"] }],
])(
  "a claim that %s passes what an application has locked, however much, and takes the rest",
  async (_, filter) => {
    await using db = await withClaims();
    await crowd(db, "held", 3_000);
    await db.sql`
    insert into app_jobs.jobs (database_id, task_identifier, queue_name)
    select ${tenant}::uuid, 'held', 'q' || n from generate_series(1, 300) as n`;
    for (const task of ["a", "b", "held"])
      await db.sql`select app_jobs.add_job(${tenant}, ${task}, '"mine"')`;
    const application = await db.sql.reserve();
    try {
      await application`begin`;
      await application`select from app_jobs.jobs where payload::text <> '"mine"' for update`;
      const { jobs } = await db.claim(10, filter);
      expect(tasksOf(jobs).sort()).toEqual(["a", "b", "held"]);
      await application`rollback`;
    } finally {
      application.release();
    }
    expect((await db.claim(10, filter)).jobs).toHaveLength(10);
  },
);

test("an enqueue that stays open hides no ready job of its serial queue, though that was closed in between", async () => {
  await using db = await withClaims();
  await db.sql`select app_jobs.add_job(${tenant}, 't', queue_name => 'q')`;
  const [first, second] = [await db.sql.reserve(), await db.sql.reserve()];
  try {
    await first`begin`;
    await first`select app_jobs.add_job(${tenant}, 't', queue_name => 'q')`;
    const [running] = (await db.claim(1)).jobs;
    await second`begin`;
    await second`select app_jobs.add_job(${tenant}, 't', queue_name => 'q')`;
    await first`commit`;
    if (running !== undefined)
      await db.jobs.completeJobs([{ jobId: running.id, leaseToken: running.leaseToken }]);
    await db.sql`update app_jobs.job_queues set closed_until = now() where closed_until is not null`;
    expect((await db.claim(1)).jobs).toHaveLength(1);
    await second`rollback`;
  } finally {
    first.release();
    second.release();
  }
});
