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

test("whoever brings outcomes is told that an application holds a job's row, and does not wait as long as that", async () => {
  await using db = await withDatabase();
  await db.sql`select app_jobs.add_job(${tenant}, 'a', job_key => 'k')`;
  const { ids, tokens } = await claimForRun(db);
  const supersede = (tx: Runs) => tx.unsafe("select app_jobs.add_job($1, 'a', job_key => 'k')", [tenant]);
  const values = [arrayLiteral(ids), arrayLiteral(tokens)];
  const refusal = (call: string) =>
    db.sql.unsafe(call, values).then(
      () => "taken",
      (error: { readonly code?: string }) => error.code,
    );
  const codes = await whileOpen(db, supersede, () =>
    Promise.all([
      refusal("select app_jobs.complete_leases($1::text::bigint[], $2::text::uuid[])"),
      refusal("select app_jobs.keep_leases($1::text::bigint[], $2::text::uuid[], 60)"),
      refusal("select app_jobs.accept_leases($1::text::bigint[], $2::text::uuid[], 60)"),
      refusal("select app_jobs.fail_leases($1::text::bigint[], $2::text::uuid[], '{retry}', '{no}', '{0}')"),
    ]),
  );
  expect(codes).toEqual(["55P03", "55P03", "55P03", "55P03"]);
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
