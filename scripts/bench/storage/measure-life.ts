import { setTimeout as pause } from "node:timers/promises";
import { onlyRow, type Sql } from "../../../db/client/connect.ts";
import type { BenchDatabase } from "../host/bench-server.ts";
import { postgresCpuUs } from "../host/count-cpu.ts";
import { type Backend, openBackends } from "../host/open-backends.ts";
import type { Session, Shape } from "./shapes.ts";

/** What one job costs in one shape; times in µs of CPU, all of Postgres except where a phase is named. */
export type LifeFigures = {
  readonly perSecond: number;
  readonly serverUs: number;
  readonly claimUs: number;
  readonly completeUs: number;
  readonly bulkUs: number;
  readonly singleUs: number;
  readonly enqueueWalBytes: number;
  readonly walBytes: number;
  readonly transactions: number;
  readonly deadRows: number;
};

/** How much is measured. */
export type LifePlan = {
  readonly connections: number;
  readonly jobs: number;
  readonly batch: number;
  readonly payload: string;
};

type Counters = { wal: number; transactions: number; dead: number };

/** Measures a shape from the enqueueing of all jobs to the completion of the last one. */
export async function measureLife(
  shape: Shape,
  { database, plan }: { database: BenchDatabase; plan: LifePlan },
): Promise<LifeFigures> {
  await using backends = await openBackends(database.url, plan.connections);
  const [first] = backends.all;
  if (first === undefined) throw new Error("Cannot measure: it takes one connection at least.");
  await shape.create(database.sql);
  const sessions = await Promise.all(backends.all.map(({ sql }) => shape.open(sql)));

  const beforeEnqueue = await countersOf(database.sql, backends.all, shape.schema);
  const { bulkUs, singleUs, enqueued } = await enqueue(shape, { backends: backends.all, plan });
  const afterEnqueue = await countersOf(database.sql, backends.all, shape.schema);
  await database.sql.unsafe("vacuum analyze");
  const before = await countersOf(database.sql, backends.all, shape.schema);
  const serverBefore = await postgresCpuUs(database.sql);
  const startedAt = performance.now();
  const workers = sessions.map((session, n) => drain(session, backends.all[n] ?? first, plan.batch));
  const isDrained = Promise.all(workers);
  const keeping = keep(shape, database.sql, isDrained);
  const spent = await isDrained;
  const seconds = (performance.now() - startedAt) / 1000;
  await keeping;
  const serverUs = (await postgresCpuUs(database.sql)) - serverBefore;
  const after = await countersOf(database.sql, backends.all, shape.schema);

  const completed = sum(spent.map(({ completed }) => completed));
  if (completed !== enqueued) throw new Error(`${shape.name} completed ${completed} jobs of ${enqueued}.`);
  return {
    perSecond: completed / seconds,
    serverUs: serverUs / completed,
    claimUs: sum(spent.map(({ claimUs }) => claimUs)) / completed,
    completeUs: sum(spent.map(({ completeUs }) => completeUs)) / completed,
    bulkUs,
    singleUs,
    enqueueWalBytes: (afterEnqueue.wal - beforeEnqueue.wal) / completed,
    walBytes: (after.wal - before.wal) / completed,
    transactions: (after.transactions - before.transactions) / completed,
    deadRows: after.dead / completed,
  };
}

async function enqueue(shape: Shape, { backends, plan }: { backends: readonly Backend[]; plan: LifePlan }) {
  const singles = Math.round(plan.jobs / 20 / backends.length);
  const bulks = Math.round(plan.jobs / 1000 / backends.length);
  const spent = await Promise.all(
    backends.map(async ({ sql, cpuUs }) => {
      for (let n = 0; n < 10; n++) await shape.enqueue(sql, 1, plan.payload);
      const start = await cpuUs();
      for (let n = 0; n < singles; n++) await shape.enqueue(sql, 1, plan.payload);
      const middle = await cpuUs();
      for (let n = 0; n < bulks; n++) await shape.enqueue(sql, 1000, plan.payload);
      return { singleUs: (middle - start) / singles, bulkUs: ((await cpuUs()) - middle) / bulks / 1000 };
    }),
  );
  return {
    enqueued: backends.length * (10 + singles + bulks * 1000),
    bulkUs: sum(spent.map(({ bulkUs }) => bulkUs)) / backends.length,
    singleUs: sum(spent.map(({ singleUs }) => singleUs)) / backends.length,
  };
}

/** Claims and completes until nothing comes any more. */
async function drain(session: Session, { cpuUs }: Backend, batch: number) {
  const spent = { completed: 0, claimUs: 0, completeUs: 0 };
  for (let misses = 0; misses < 5; ) {
    const start = await cpuUs();
    const leases = await session.claim(batch);
    const middle = await cpuUs();
    spent.claimUs += middle - start;
    misses = leases.ids.length === 0 ? misses + 1 : 0;
    if (misses > 0) {
      await pause(2);
      continue;
    }
    spent.completed += await session.complete(leases);
    spent.completeUs += (await cpuUs()) - middle;
  }
  return spent;
}

/** Maintains the shape until `over`. */
export async function keep({ maintain }: Shape, sql: Sql, over: Promise<unknown>): Promise<void> {
  if (maintain === undefined) return;
  const state = { isOver: false };
  const end = () => {
    state.isOver = true;
  };
  void over.then(end, end);
  while (!state.isOver) {
    await maintain(sql);
    await pause(100);
  }
}

async function countersOf(sql: Sql, backends: readonly Backend[], schema: string): Promise<Counters> {
  await Promise.all(backends.map((backend) => backend.sql`select pg_stat_force_next_flush()`));
  return onlyRow(
    await sql<Counters[]>`
      select
        (pg_current_wal_insert_lsn() - '0/0')::double precision as wal,
        (select xact_commit from pg_stat_database where datname = current_database())::double precision as transactions,
        (
          select coalesce(sum(n_dead_tup), 0)
          from pg_stat_user_tables
          where schemaname = ${schema}
        )::double precision as dead`,
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
