import postgres from "postgres";
import { until } from "../../../services/testing/until.ts";
import { type TestDatabase, withDatabase } from "../../../services/testing/with-database.ts";
import { connect, type Sql } from "../../client/connect.ts";
import type { AttemptRecord } from "./attempt-records.ts";
import { type Ask, operations } from "./operations.ts";
import {
  announce,
  type Change,
  type JobRow,
  readHistory,
  recordHistory,
  type Transaction,
  tick,
} from "./record-history.ts";
import type { Act, Plan } from "./steps.ts";
import { createWorld, type Effect, learn, type World } from "./world.ts";

/** What happened in one database, and what was left of it. */
export type History = {
  /** Names the history in a failure. */
  readonly name: string;
  readonly changes: readonly Change[];
  /** Changes of dead letters. */
  readonly letters: readonly Change[];
  readonly transactions: ReadonlyMap<number, Transaction>;
  /** Ids that committed enqueues gave to their callers. */
  readonly enqueued: readonly number[];
  /** By the number of the call, whether a committed report was said to be taken. */
  readonly reports: ReadonlyMap<number, boolean>;
  readonly endedRuns: ReadonlySet<string>;
  /** What a transaction ended with that no caller should see. */
  readonly surprises: readonly string[];
  /** Rows of jobs that were there at the end, after everything due had been claimed and completed. */
  readonly left: readonly number[];
  /** Dead letters that were there at the end. */
  readonly dead: readonly number[];
  /** Rows of job_attempts at the end, in their order. */
  readonly attempts: readonly AttemptRecord[];
  /** Serial queues whose bounds lay above a waiting job's at a moment when all actors stood still. */
  readonly hidden: readonly string[];
};

type Log = {
  readonly world: World;
  readonly transactions: Map<number, Transaction>;
  readonly reports: Map<number, boolean>;
  readonly enqueued: number[];
  readonly surprises: string[];
};

/** So few that a bound which is too high is seen before a later enqueue happens to lower it. */
const actsBetweenLooks = 5;

/** Lets all actors of a plan act at once on a fresh database, then claims and completes whatever is due. */
export async function makeHistory(name: string, plan: Plan): Promise<History> {
  await using db = await withDatabase();
  await recordHistory(db.sql);
  const world = await createWorld(db.sql);
  const log: Log = { world, transactions: new Map(), reports: new Map(), enqueued: [], surprises: [] };
  const sql = connect(db.settings, { max: plan.length, name: "actors" });
  const hidden: string[] = [];
  const longest = Math.max(...plan.map((acts) => acts.length));
  try {
    for (let from = 0; from < longest; from += actsBetweenLooks) {
      await Promise.all(plan.map((acts) => actOn(sql, acts.slice(from, from + actsBetweenLooks), log)));
      hidden.push(...(await hiddenQueues(db)));
    }
  } finally {
    await sql.end({ timeout: 5 });
  }
  await drain(db, world);
  const all = await readHistory(db.sql);
  return {
    name,
    changes: all.filter(({ place }) => place === "jobs"),
    letters: all.filter(({ place }) => place === "dead_jobs"),
    transactions: log.transactions,
    enqueued: log.enqueued,
    reports: log.reports,
    endedRuns: world.ended,
    surprises: log.surprises,
    left: (await db.sql<{ id: number }[]>`select id::int from app_jobs.jobs`).map(({ id }) => id),
    dead: (await db.sql<{ id: number }[]>`select id::int from app_jobs.dead_jobs`).map(({ id }) => id),
    attempts: await readAttempts(db.sql),
    hidden,
  };
}

/** Gives all rows of job_attempts, those of a job in their order. */
export async function readAttempts(sql: Sql): Promise<AttemptRecord[]> {
  const rows = await sql<AttemptRecord[]>`
    select job_id::int as "jobId", attempt, outcome, tries from app_jobs.job_attempts order by job_id, id`;
  return [...rows];
}

async function actOn(sql: Sql, acts: readonly Act[], log: Log): Promise<void> {
  for (const act of acts) await transact(sql, act, log);
}

class RolledBack extends Error {}

async function transact(sql: Sql, act: Act, log: Log): Promise<void> {
  const { world, transactions } = log;
  const number = ++world.transactions;
  const effects: { call: number; effect: Effect }[] = [];
  let began = 0;
  let ending = 0;
  try {
    await sql.begin(async (tx) => {
      began = await tick(tx);
      for (const step of act.steps) {
        const call = ++world.calls;
        const ask: Ask = async (about, text, values) => {
          await announce(tx, { transaction: number, call, ...about });
          return await tx.unsafe(text, [...values] as never[]);
        };
        effects.push({ call, effect: await operations[step.kind](step, world, ask) });
      }
      for (let n = 0; n < act.lingers; n++) await tx`select 1`;
      if (!act.commits) throw new RolledBack();
      ending = await tick(tx);
    });
  } catch (error) {
    const surprise = surpriseOf(error);
    if (surprise !== null) log.surprises.push(`${act.steps.map(({ kind }) => kind).join()}: ${surprise}`);
    return;
  }
  transactions.set(number, { began, ending, ended: await tick(sql) });
  for (const { call, effect } of effects) await keep(sql, { call, effect }, log);
}

async function keep(sql: Sql, { call, effect }: { call: number; effect: Effect }, log: Log): Promise<void> {
  log.enqueued.push(...(effect.jobIds ?? []));
  if (effect.taken !== undefined) log.reports.set(call, effect.taken);
  await learn(sql, log.world, effect);
}

/** Gives what was wrong, or null where a caller of the queue has to expect it: its own rollback, or a lock in a circle. */
function surpriseOf(error: unknown): string | null {
  if (error instanceof RolledBack) return null;
  if (error instanceof postgres.PostgresError) {
    if (error.code === "40P01" || error.message === "LEASE_LOST") return null;
    return `${error.message} (${error.code}, ${error.constraint_name ?? ""})`;
  }
  throw error;
}

/** Gives the queues that no claim would look at in time. A claim that met an enqueue in flight may put off its next look for 50 ms. */
async function hiddenQueues({ sql }: TestDatabase): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select distinct j.queue_name as name
    from app_jobs.jobs as j
    where j.queue_name is not null and j.locked_at is null and j.attempts < j.max_attempts
      and j.run_at <= j.updated_at
      and not exists (
        select
        from app_jobs.job_queues as q
        where q.queue_name = j.queue_name and q.task_identifier = j.task_identifier
          and (
            (q.next_priority, q.next_run_at) <= (j.priority, j.run_at)
            or q.closed_until <= clock_timestamp() + interval '50 milliseconds'
          )
          and (
            coalesce(q.closed_until, '-infinity') <= clock_timestamp() + interval '50 milliseconds'
            or exists (
              select
              from app_jobs.jobs as running
              where running.queue_name = q.queue_name and running.locked_at is not null and running.parked_queue
            )
          )
      )`;
  return rows.map(({ name }) => name);
}

/** Ends every lease, then claims and completes what is due; then makes the rest due and does the same. */
async function drain({ sql }: TestDatabase, world: World): Promise<void> {
  for (const { run } of world.runs) world.ended.add(run);
  const run = crypto.randomUUID();
  const asked = (kind: string, text: string, values: readonly unknown[] = []) =>
    sql.begin(async (tx) => {
      await announce(tx, { transaction: 0, call: ++world.calls, kind, run, worker: "last" });
      return await tx.unsafe(text, [...values] as never[]);
    });
  await asked("crash", "update app_jobs.workers set lease_until = now() - interval '1 second'");
  await asked(
    "expire",
    "update app_jobs.jobs set lease_seconds = -1 where locked_at is not null and worker_run is null",
  );
  await asked("rescue", "select app_jobs.rescue_jobs()");
  await asked("register", "select app_jobs.register_worker($1, 'last', 3600)", [run]);

  const claimAll = () =>
    until("everything due has been claimed", async () => {
      await asked("getJobs", "select app_jobs.get_jobs($1, 100)", [run]);
      await asked("lastComplete", "delete from app_jobs.jobs where locked_at is not null");
      const due = await sql`
        select from app_jobs.jobs where run_at <= now() and attempts < max_attempts limit 1`;
      return due.length === 0;
    });
  await claimAll();
  await asked("lastReschedule", "update app_jobs.jobs set run_at = now() where attempts < max_attempts");
  await claimAll();
}

/** Gives the state of a job in the queue's words. */
export function stateOf(row: JobRow | null): "absent" | "leased" | "waiting" | "dead" {
  if (row === null) return "absent";
  if (row.isLeased) return "leased";
  return row.attempts < row.maxAttempts && !row.superseded ? "waiting" : "dead";
}
