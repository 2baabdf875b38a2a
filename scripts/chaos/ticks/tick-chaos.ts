import { setTimeout as pause } from "node:timers/promises";
import { onlyRow, type Sql } from "../../../db/client/connect.ts";
import { until } from "../../../services/testing/until.ts";
import type { TestDatabase } from "../../../services/testing/with-database.ts";
import { withProcess } from "../../../services/testing/with-process.ts";

/** How long and how hard schedulers are tried. */
export type TickChaosOptions = {
  readonly database: TestDatabase;
  /** Scheduler processes that are killed and started again all the while. */
  readonly schedulers: number;
  /** Waves of new schedules, one every half second. */
  readonly waves: number;
  /** Schedules of a wave; each ticks every second. */
  readonly schedulesPerWave: number;
  /** Ticks of each schedule that are past when it is added, as after a clock that jumped, or a scheduler that was down. */
  readonly pastTicks: number;
  /** Ticks of each schedule that are to come. */
  readonly comingTicks: number;
};

/** What became of the ticks. All three faults have to be 0. */
export type TickChaosReport = {
  readonly ticks: number;
  readonly jobs: number;
  readonly missed: number;
  readonly repeated: number;
  /** Jobs for a time that is no tick. */
  readonly strange: number;
  readonly kills: number;
  readonly seconds: number;
};

const tenant = "00000000-0000-0000-0000-000000000001";
const waveMs = 500;

// From when it is ready, so that a busy machine's slow starts do not starve the ticks.
const longestLifeMs = 1_500;
const longestDeathMs = 400;

// Some do not live to be ready.
const shareOfStillborn = 0.2;

/**
 * Compares the jobs that schedulers make with the ticks that there are, while the schedulers, processes of their own, are
 * killed (SIGKILL) and started again at random. Every tick has to have made one job; missed ones are made up for
 * (`{"all": …}`).
 *
 * Time is driven forward by giving each schedule a past: what lies between `ticked_until` and now is due at once.
 */
export async function runTickChaos(options: TickChaosOptions): Promise<TickChaosReport> {
  const { database, schedulers, waves } = options;
  const { sql } = database;
  const startedAt = performance.now();
  const over = new AbortController();
  const lives = Array.from({ length: schedulers }, () => dieAndRise(database, over.signal));
  await sql`
    create table public.expected (id bigint primary key, ticked_until timestamptz not null, last_tick timestamptz not null)`;

  for (let wave = 0; wave < waves; wave++) {
    await addSchedules(sql, options);
    await pause(waveMs);
  }
  await until("all schedules are over", () => areOver(sql), 600_000).finally(() => over.abort());
  const kills = (await Promise.all(lives)).reduce((sum, count) => sum + count, 0);
  return { ...(await compare(sql)), kills, seconds: (performance.now() - startedAt) / 1000 };
}

/** Lets one scheduler live and die until it is over; gives how often it was killed. */
async function dieAndRise(database: TestDatabase, signal: AbortSignal): Promise<number> {
  const rest = (longestMs: number) =>
    pause(Math.random() * longestMs, undefined, { signal }).catch(() => undefined);
  const env = { ...database.env, JOBS_POLL_SECONDS: "0.2", JOBS_LOG_LEVEL: "info" };
  let kills = 0;
  while (!signal.aborted) {
    await using scheduler = withProcess("services/scheduler/main.ts", env);
    const isReady = () => scheduler.output().includes("scheduler ready") || signal.aborted;
    if (Math.random() > shareOfStillborn) await until("a scheduler is ready", isReady, 60_000);
    await rest(longestLifeMs);
    scheduler.kill("SIGKILL");
    await scheduler.exited;
    kills += 1;
    await rest(longestDeathMs);
  }
  return kills;
}

async function addSchedules(sql: Sql, options: TickChaosOptions): Promise<void> {
  const { schedulesPerWave, pastTicks, comingTicks } = options;
  await sql`
    with added as (
      insert into app_jobs.scheduled_jobs (database_id, task_identifier, ticked_until, schedule_info)
      select
        ${tenant},
        'chaos',
        date_trunc('second', now()) - ${pastTicks} * interval '1 second',
        json_build_object(
          'rule', '* * * * * *',
          'end', date_trunc('second', now()) + ${comingTicks} * interval '1 second',
          'missed', json_build_object('all', 1000),
          'overlap', 'allow'
        )
      from generate_series(1, ${schedulesPerWave}::int)
      returning id, ticked_until, (schedule_info ->> 'end')::timestamptz as last_tick
    )
    insert into public.expected
    select * from added`;
}

async function areOver(sql: Sql): Promise<boolean> {
  await pause(50);
  const rows = await sql<{ left: number }[]>`
    select count(*)::int as left
    from app_jobs.scheduled_jobs
    where next_tick is distinct from 'infinity'`;
  return onlyRow(rows).left === 0;
}

async function compare(sql: Sql) {
  return onlyRow(
    await sql<{ ticks: number; jobs: number; missed: number; repeated: number; strange: number }[]>`
      with tick as (
        select e.id, due
        from public.expected as e
        cross join lateral generate_series(e.ticked_until + interval '1 second', e.last_tick, interval '1 second') as due
      ),
      made as (
        select schedule_id as id, scheduled_at as due, count(*)::int as jobs from app_jobs.jobs group by 1, 2
      )
      select
        count(tick.due)::int as ticks,
        coalesce(sum(made.jobs), 0)::int as jobs,
        (count(*) filter (where made.id is null))::int as missed,
        coalesce(sum(made.jobs - 1), 0)::int as repeated,
        (count(*) filter (where tick.id is null))::int as strange
      from tick
      full join made using (id, due)`,
  );
}
