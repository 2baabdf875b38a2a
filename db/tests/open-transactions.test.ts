import { expect, test } from "bun:test";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";
import { arrayLiteral } from "../client/array-literal.ts";
import { add, claim, claimForRun, leases, type Runs, tenant, whileOpen } from "./while-open.ts";

// What an application's transaction that stays open may hold up: as little as can be. A worker writes its outcomes by the batch, so
// one that waited would hold up hundreds of jobs that have nothing to do with it.

const enqueueInto = (queue: string, priority: number) => (tx: Runs) =>
  tx.unsafe("select app_jobs.add_job($1, 'a', queue_name => $2, priority => $3)", [tenant, queue, priority]);

/** Runs statements that are to wait for nobody. */
const withoutWaiting = ({ sql }: TestDatabase, act: (tx: Runs) => Promise<unknown>) =>
  sql.begin(async (tx) => {
    await tx`set local lock_timeout = '3s'`;
    await act(tx);
  });

test("an enqueuer that stays open holds up no outcome of its serial queue's job", async () => {
  await using db = await withDatabase();
  await add(db, "q");
  const { ids, tokens } = await claimForRun(db);
  const fail = () =>
    withoutWaiting(db, (tx) =>
      tx.unsafe(
        `select app_jobs.fail_leases($1::text::bigint[], $2::text::uuid[], '{retry}', '{no}', '{0}')`,
        [arrayLiteral(ids), arrayLiteral(tokens)],
      ),
    );
  await whileOpen(db, enqueueInto("q", -1), fail);
  expect([...(await leases(db))]).toEqual([]);
  await db.sql`update app_jobs.jobs set run_at = now()`;
  expect(await claim(db.sql)).toBe(ids[0] ?? "");
});

test("an enqueuer that stays open holds up no rescue of its serial queue's job", async () => {
  await using db = await withDatabase();
  await add(db, "q");
  const other = await add(db);
  const { ids } = await claimForRun(db, 2);
  await db.sql`update app_jobs.workers set lease_until = now() - interval '1 second'`;
  await whileOpen(db, enqueueInto("q", -1), () =>
    withoutWaiting(db, (tx) => tx.unsafe("select app_jobs.rescue_jobs()")),
  );
  expect(ids).toContain(other);
  expect([...(await leases(db))]).toEqual([]);
});

test("an enqueuer that stays open holds up no end of the job that parked its serial queue", async () => {
  await using db = await withDatabase();
  await add(db, "q");
  const waiting = await add(db, "q", 1);
  const { ids, tokens } = await claimForRun(db);
  await db.sql`update app_jobs.jobs set locked_at = now() - interval '1 minute' where locked_at is not null`;
  await db.sql`select app_jobs.park_queues('{q}')`;
  const complete = () =>
    withoutWaiting(db, (tx) =>
      tx.unsafe(`select app_jobs.complete_leases($1::text::bigint[], $2::text::uuid[])`, [
        arrayLiteral(ids),
        arrayLiteral(tokens),
      ]),
    );
  await whileOpen(db, enqueueInto("q", -1), async () => {
    await complete();
    // Its next job runs while the enqueue is still open.
    expect(await claim(db.sql)).toBe(waiting);
  });
});

test("the rows that enqueuers of one queue leave when none waits for another become one", async () => {
  await using db = await withDatabase();
  const rows = () => db.sql`select from app_jobs.job_queues where queue_name = 'q'`;
  await whileOpen(db, enqueueInto("q", 5), async () => {
    await withoutWaiting(db, enqueueInto("q", 4));
    await whileOpen(db, enqueueInto("q", 3), () => withoutWaiting(db, enqueueInto("q", 2)));
  });
  await db.sql`select app_jobs.add_job(${tenant}, 'a', queue_name => 'q', priority => n) from generate_series(9, 6, -1) as n`;
  expect((await rows()).length).toBeGreaterThan(1);
  await claimForRun(db, 5);
  expect(await rows()).toHaveLength(1);
  await db.sql`delete from app_jobs.jobs where locked_at is not null`;
  expect(await claim(db.sql)).not.toBeNull();
});

const complete = "select app_jobs.complete_leases($1::text::bigint[], $2::text::uuid[]) as id";
const outcomes = {
  complete_leases: complete,
  keep_leases: "select app_jobs.keep_leases($1::text::bigint[], $2::text::uuid[], 60) as id",
  accept_leases: "select app_jobs.accept_leases($1::text::bigint[], $2::text::uuid[], 60) as id",
  fail_leases: `select id from app_jobs.fail_leases(
    $1::text::bigint[], $2::text::uuid[], array_fill('retry'::text, array[cardinality($1::text::bigint[])]),
    array_fill('no'::text, array[cardinality($1::text::bigint[])]), array_fill(0::float8, array[cardinality($1::text::bigint[])]))`,
};

/** Takes the keys of the jobs 1 to 32, which run, as an application does. */
const supersedeAll = (tx: Runs) =>
  tx.unsafe("select app_jobs.add_job($1, 'a', job_key => 'k' || n) from generate_series(1, 32) as n", [
    tenant,
  ]);

/** Adds 32 jobs with keys and four without, and claims them all. */
async function withKeyedJobs(db: TestDatabase) {
  await db.sql`select app_jobs.add_job(${tenant}, 'a', job_key => 'k' || n) from generate_series(1, 32) as n`;
  for (let n = 1; n <= 4; n++) await add(db);
  const { run, ids, tokens } = await claimForRun(db, 36);
  return { run, ids, values: [arrayLiteral(ids), arrayLiteral(tokens)] };
}

test.each(Object.entries(outcomes))(
  "%s passes over the jobs whose keys an application is taking, and takes the others",
  async (_, call) => {
    await using db = await withDatabase();
    const { ids, values } = await withKeyedJobs(db);
    const run = () => db.sql.unsafe<{ id: string }[]>(call, values);
    await whileOpen(db, supersedeAll, async () => {
      expect((await run()).map(({ id }) => id)).toEqual(ids.slice(32));
      const held = await db.sql.unsafe<{ id: string }[]>(
        "select app_jobs.held_leases($1::text::bigint[], $2::text::uuid[]) as id",
        values,
      );
      expect(held.map(({ id }) => id).slice(0, 32)).toEqual(ids.slice(0, 32));
    });
    expect(await run()).toHaveLength(call === outcomes.accept_leases ? 36 : 32);
  },
);

test("a claim that brings completions of jobs in other hands completes the others, claims, and says which", async () => {
  await using db = await withDatabase();
  const { run, ids, values } = await withKeyedJobs(db);
  const next = await add(db);
  await whileOpen(db, supersedeAll, async () => {
    const rows = await db.sql.unsafe<{ id: string; token: string | null }[]>(
      `select id, lease_token as token
       from app_jobs.get_jobs($1, 5, completed_ids => $2::text::bigint[], completed_tokens => $3::text::uuid[])
       where kind in ('job', 'refused')`,
      [run, ...values],
    );
    expect(rows.map(({ id, token }) => [id, token !== null])).toEqual([
      ...ids.slice(0, 32).map((id) => [id, false]),
      [next, true],
    ]);
  });
});

test("callbacks for a job in other hands are told so at once, and are taken when it is free", async () => {
  await using db = await withDatabase();
  const { ids, values } = await withKeyedJobs(db);
  await db.sql.unsafe(outcomes.accept_leases, values);
  const [lease] = await db.sql<
    { token: string }[]
  >`select lease_token as token from app_jobs.jobs where id = ${ids[0] ?? ""}`;
  const tell = async (report: object) =>
    (
      await db.sql<{ result: string }[]>`
        select app_jobs.callback_job(${ids[0] ?? ""}, ${lease?.token ?? ""}, ${JSON.stringify(report)}::text::json) as result`
    )[0]?.result;
  const reports = [
    { kind: "progress", progress: 0.5, callbackSeconds: 60 },
    { kind: "retry", error: "no" },
    { kind: "keep", keepSeconds: 60 },
    { kind: "complete" },
  ];
  await whileOpen(db, supersedeAll, async () => {
    for (const report of reports) expect([report.kind, await tell(report)]).toEqual([report.kind, "busy"]);
  });
  expect(await tell({ kind: "complete" })).toBe("taken");
  expect(await tell({ kind: "complete" })).toBe("repeated");
});

test("a late success for a job that an application is replacing waits for nobody", async () => {
  await using db = await withDatabase();
  await db.sql`select app_jobs.add_job(${tenant}, 'a', job_key => 'k1')`;
  const { ids, tokens } = await claimForRun(db);
  await db.sql.unsafe(outcomes.fail_leases, [arrayLiteral(ids), arrayLiteral(tokens)]);
  const tell = async () =>
    (
      await db.sql<{ result: string }[]>`
        select app_jobs.callback_job(${ids[0] ?? ""}, ${tokens[0] ?? ""}, '{"kind": "complete"}') as result`
    )[0]?.result;
  expect(await whileOpen(db, supersedeAll, tell)).toBe("busy");
  expect(await tell()).toBe("taken");
});

test("a worker that leaves waits for no application, and its job is taken back though an application holds it", async () => {
  await using db = await withDatabase();
  await db.sql`select app_jobs.add_job(${tenant}, 'a', job_key => 'k')`;
  const other = await add(db);
  const { run } = await claimForRun(db, 2);
  const supersede = (tx: Runs) => tx.unsafe("select app_jobs.add_job($1, 'a', job_key => 'k')", [tenant]);
  await whileOpen(db, supersede, () =>
    withoutWaiting(db, async (tx) => {
      expect([
        ...(await tx.unsafe<{ id: string }[]>("select app_jobs.release_worker($1) as id", [run])),
      ]).toEqual([{ id: other }]);
    }),
  );
  expect(await leases(db)).toHaveLength(1);
  await db.sql`select app_jobs.rescue_jobs()`;
  expect([...(await leases(db))]).toEqual([]);
  expect(await db.sql`select from app_jobs.workers`).toHaveLength(0);
});
