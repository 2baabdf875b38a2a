import { onlyRow, type Sql } from "../../../db/client/connect.ts";
import type { BenchDatabase } from "../host/bench-server.ts";
import { postgresCpuUs } from "../host/count-cpu.ts";
import { countWrites } from "../host/count-writes.ts";
import { openBackends } from "../host/open-backends.ts";
import { knativeJobs } from "../peers/knative-jobs.ts";
import { execute, type Statement } from "../peers/queue.ts";

/** What adding jobs costs, and what they take on disk. */
export type Storage = {
  /** CPU of Postgres a job, each in a transaction of its own, and by the thousand. */
  readonly singleUs: number;
  readonly bulkUs: number;
  readonly singleWalBytes: number;
  readonly bulkWalBytes: number;
  /** Table and indexes, a job that waits. */
  readonly waitingBytes: number;
};

/** How many jobs are added one by one, and how many in all. */
export type StoragePlan = { readonly single: number; readonly waiting: number; readonly payload: string };

const bulk = 1000;

/** Those who enqueue at once: their commits share a flush of the log, as they do under load. */
const connections = 8;

/** Adds jobs to an empty database, one by one at first, and leaves them there. */
export async function measureStorage(database: BenchDatabase, plan: StoragePlan): Promise<Storage> {
  await using backends = await openBackends(database.url, connections);
  const addBulk = knativeJobs.addMany?.(Array.from({ length: bulk }, () => plan.payload));
  if (addBulk === undefined) throw new Error("Cannot measure: the queue adds one job at a time.");
  const addOne = knativeJobs.addOne(plan.payload);
  const each = (count: number, statement: Statement) =>
    Promise.all(
      backends.all.map(async ({ sql }) => {
        for (let n = 0; n < count / connections; n++) await execute(sql, statement);
      }),
    );
  // As under load: a worker is there and awake, so that nobody notifies.
  const run = crypto.randomUUID();
  await database.sql`select app_jobs.register_worker(${run}, 'bench', 3600)`;
  await each(10 * connections, addOne);
  await each(connections, addBulk);
  await database.sql`truncate app_jobs.jobs`;
  const point = async () => ({ us: await postgresCpuUs(database.sql), ...(await countWrites(database)) });

  const start = await point();
  await each(plan.single, addOne);
  const middle = await point();
  const { count: singles } = await countJobs(database.sql);
  await each((plan.waiting - singles) / bulk, addBulk);
  const end = await point();
  const { count: all } = await countJobs(database.sql);
  await database.sql`select app_jobs.release_worker(${run})`;
  await database.sql`vacuum analyze app_jobs.jobs`;
  return {
    singleUs: (middle.us - start.us) / singles,
    singleWalBytes: (middle.walBytes - start.walBytes) / singles,
    bulkUs: (end.us - middle.us) / (all - singles),
    bulkWalBytes: (end.walBytes - middle.walBytes) / (all - singles),
    waitingBytes: (await relationBytes(database.sql, "app_jobs.jobs")) / all,
  };
}

/** Gives how many jobs wait or run. */
export async function countJobs(sql: Sql): Promise<{ count: number }> {
  return onlyRow(await sql<{ count: number }[]>`select count(*)::integer as count from app_jobs.jobs`);
}

/** Gives the size of a table with its indexes, and of its partitions. */
export async function relationBytes(sql: Sql, table: string): Promise<number> {
  const { bytes } = onlyRow(
    await sql<{ bytes: string }[]>`
      select pg_total_relation_size(${table}::regclass)
        + coalesce(sum(pg_total_relation_size(i.inhrelid)), 0) as bytes
      from pg_inherits as i
      where i.inhparent = ${table}::regclass`,
  );
  return Number(bytes);
}
