import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { onlyRow, type Sql } from "../../../db/client/connect.ts";
import { until } from "../../../services/testing/until.ts";
import { atExit } from "../../options/at-exit.ts";
import type { BenchDatabase } from "../host/bench-server.ts";

/** What one number of schedules costs. */
export type ScheduleFigures = {
  readonly schedules: number;
  /** From the first look to the last rule read. */
  readonly readSeconds: number;
  readonly ticks: number;
  /** From a tick's second to the commit of its job. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** CPU of the scheduler's process while it ticks, start included, as a share of one core. */
  readonly tickingCpuPercent: number;
  /** The same while no tick is due. */
  readonly idleCpuPercent: number;
  /** Time that Postgres spends in statements while no tick is due, per second. */
  readonly idleDatabaseMsPerSecond: number;
};

type Plan = { readonly count: number; readonly minutes: number; readonly idleSeconds: number };

const tenant = "00000000-0000-0000-0000-000000000001";

/** Measures one scheduler with `count` schedules, of which 1 % tick each minute and the others once a year. */
export async function measureSchedules(database: BenchDatabase, plan: Plan): Promise<ScheduleFigures> {
  const { sql } = database;
  await addSchedules(sql, { count: plan.count, rule: "0 0 1 1 *" });
  const readSeconds = await readAll(database);
  const idle = await measureIdle(database, plan.idleSeconds);
  await sql`
    update app_jobs.scheduled_jobs
    set schedule_info = '{"rule":"* * * * *","overlap":"allow"}'
    where id % 100 = 0`;
  await readAll(database);
  await vacuum(sql);
  return { schedules: plan.count, readSeconds, ...(await measureTicks(database, plan)), ...idle };
}

async function addSchedules(sql: Sql, { count, rule }: { count: number; rule: string }): Promise<void> {
  await sql`
    insert into app_jobs.scheduled_jobs (database_id, task_identifier, schedule_info)
    select ${tenant}, 'bench', json_build_object('rule', ${rule}::text)
    from generate_series(1, ${count}::int)`;
}

async function readAll({ url, sql }: BenchDatabase): Promise<number> {
  const scheduler = startScheduler(url);
  const startedAt = performance.now();
  const isRead = async () => {
    await pause(20);
    const rows = await sql`select from app_jobs.scheduled_jobs where next_tick is null limit 1`;
    return rows.length === 0;
  };
  await until("all rules are read", isRead, 600_000);
  const seconds = (performance.now() - startedAt) / 1000;
  await scheduler.stop();
  return Math.round(seconds * 10) / 10;
}

async function measureIdle({ url, sql }: BenchDatabase, seconds: number) {
  await vacuum(sql);
  const before = await statementMs(sql);
  const scheduler = startScheduler(url);
  await pause(seconds * 1000);
  const cpuSeconds = await scheduler.stop();
  // A backend reports what it did when it ends, at the latest.
  await pause(1_500);
  const databaseMs = (await statementMs(sql)) - before;
  return {
    idleCpuPercent: Math.round((cpuSeconds / seconds) * 1000) / 10,
    idleDatabaseMsPerSecond: Math.round((databaseMs / seconds) * 10) / 10,
  };
}

/** Vacuums, and makes that backend report its time at once, so that none of it counts as the scheduler's. */
async function vacuum(sql: Sql): Promise<void> {
  const one = await sql.reserve();
  await one`vacuum analyze app_jobs.scheduled_jobs`;
  await one`select pg_stat_force_next_flush()`;
  await one`select 1`;
  one.release();
}

async function statementMs(sql: Sql): Promise<number> {
  const rows = await sql<{ ms: number }[]>`
    select active_time as ms from pg_stat_database where datname = current_database()`;
  return onlyRow(rows).ms;
}

async function measureTicks({ url, sql }: BenchDatabase, { count, minutes }: Plan) {
  const expected = Math.floor(count / 100) * minutes;
  const startedAt = performance.now();
  const scheduler = startScheduler(url);
  const isDone = async () => {
    await pause(1_000);
    const made = onlyRow(await sql<{ made: number }[]>`select count(*)::int as made from app_jobs.jobs`).made;
    return made >= expected;
  };
  await until("all ticks have run", isDone, (minutes + 2) * 60_000);
  const cpuSeconds = await scheduler.stop();
  const seconds = (performance.now() - startedAt) / 1000;
  return { ...(await lateness(sql)), tickingCpuPercent: Math.round((cpuSeconds / seconds) * 1000) / 10 };
}

async function lateness(sql: Sql) {
  return onlyRow(
    await sql<Pick<ScheduleFigures, "ticks" | "p50Ms" | "p99Ms" | "maxMs">[]>`
      with late as (
        select extract(epoch from pg_xact_commit_timestamp(xmin) - scheduled_at)::double precision * 1000 as ms
        from app_jobs.jobs
      )
      select
        count(*)::int as ticks,
        round(percentile_cont(0.5) within group (order by ms))::int as "p50Ms",
        round(percentile_cont(0.99) within group (order by ms))::int as "p99Ms",
        round(max(ms))::int as "maxMs"
      from late`,
  );
}

function startScheduler(url: string) {
  const child = Bun.spawn(
    [process.execPath, join(import.meta.dirname, "../../../services/scheduler/main.ts")],
    {
      env: { PATH: process.env["PATH"] ?? "", DATABASE_URL: url, JOBS_LOG_LEVEL: "warn" },
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  void child.exited.then(atExit(() => child.kill("SIGKILL")));
  return {
    /** Stops it and gives the CPU time that it has used, in seconds. */
    stop: async (): Promise<number> => {
      child.kill("SIGTERM");
      await child.exited;
      return Number(child.resourceUsage()?.cpuTime.total ?? 0) / 1_000_000;
    },
  };
}
