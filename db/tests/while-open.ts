import type { TestDatabase } from "../../services/testing/with-database.ts";
import type { Sql } from "../client/connect.ts";

// What tests of interleavings do to the queue, and how they keep a transaction open meanwhile.

/** Runs statements: a pool, or one connection of it. */
export type Runs = Pick<Sql, "unsafe">;

/** Tenant of every job here. */
export const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

/** Adds a job that is due, and gives its id. */
export async function add({ sql }: TestDatabase, queue: string | null = null, priority = 0): Promise<string> {
  const [job] = await sql<{ id: string }[]>`
    select id from app_jobs.add_job(${tenant}, 'a', queue_name => ${queue}, priority => ${priority})`;
  return job?.id ?? "";
}

/** Claims one job by plain get_job, and gives its id. */
export async function claim(sql: Runs, worker = "w"): Promise<string | null> {
  const rows = await sql.unsafe<{ id: string | null }[]>("select id from app_jobs.get_job($1)", [worker]);
  return rows[0]?.id ?? null;
}

/** Registers a run of a worker, and gives its id. */
export async function startRun({ sql }: TestDatabase, worker = "w"): Promise<string> {
  const run = crypto.randomUUID();
  await sql`select app_jobs.register_worker(${run}, ${worker}, 60)`;
  return run;
}

/** Gives the jobs that are leased, and to which run. */
export const leases = ({ sql }: TestDatabase) =>
  sql<{ id: string; run: string | null }[]>`
    select id, worker_run as run from app_jobs.jobs where locked_at is not null order by id`;

/** Opens a transaction, does something in it, runs `meanwhile`, and rolls it back. */
export async function whileOpen<T>(
  { sql }: TestDatabase,
  inside: (tx: Runs) => Promise<unknown>,
  meanwhile: () => Promise<T>,
): Promise<T> {
  const tx = await sql.reserve();
  try {
    await tx`begin`;
    await inside(tx);
    return await meanwhile();
  } finally {
    await tx`rollback`;
    tx.release();
  }
}

/** Claims for a new run, and gives what a report needs. */
export async function claimForRun(database: TestDatabase, count = 1) {
  const run = await startRun(database);
  const leased = await database.sql<{ id: string; token: string }[]>`
    select id, lease_token as token from app_jobs.get_jobs(${run}, ${count}) where kind = 'job'`;
  const ids = leased.map(({ id }) => id);
  const tokens = leased.map(({ token }) => token);
  return { run, ids, tokens };
}
