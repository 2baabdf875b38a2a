import { expect, test } from "bun:test";
import { readSettings } from "../config/read-settings.ts";
import { createHealthApp } from "../health/create-health-app.ts";
import { createLog } from "../log/log.ts";
import { until } from "../testing/until.ts";
import { withDatabase } from "../testing/with-database.ts";
import { schedulerSettings } from "./settings.ts";
import { startScheduler } from "./start-scheduler.ts";

const tenant = "00000000-0000-0000-0000-000000000001";
const lines: string[] = [];
const log = createLog({
  level: "debug",
  format: "text",
  write: (line) => lines.push(line),
  now: () => new Date(),
});

async function withScheduler(pollSeconds: string) {
  const database = await withDatabase();
  const env = { ...database.env, JOBS_POLL_SECONDS: pollSeconds };
  const scheduler = startScheduler(readSettings("the scheduler", schedulerSettings, env), { log });
  return {
    sql: database.sql,
    scheduler,
    readyStatus: async () => (await createHealthApp(() => scheduler.checks).request("/readyz")).status,
    [Symbol.asyncDispose]: async () => {
      await scheduler.drain();
      await database[Symbol.asyncDispose]();
    },
  };
}

test("a scheduler hears of a new schedule long before it polls", async () => {
  await using stage = await withScheduler("3600");
  await stage.scheduler.ready;
  await stage.sql`select app_jobs.add_scheduled_job(${tenant}, 'heard', '{}', '{"rule":"* * * * * *"}')`;
  await until("its job is there", async () => (await stage.sql`select from app_jobs.jobs`).length > 0);
});

test("a scheduler is ready once it listens, and not when it stops", async () => {
  await using stage = await withScheduler("1");
  expect(await stage.readyStatus()).toBe(503);
  await stage.scheduler.ready;
  expect(await stage.readyStatus()).toBe(200);
  await stage.scheduler.drain();
  expect(await stage.readyStatus()).toBe(503);
});

test("a scheduler whose connections are cut goes on by itself", async () => {
  await using stage = await withScheduler("0.2");
  await stage.scheduler.ready;
  await stage.sql`select app_jobs.add_scheduled_job(${tenant}, 'cut', '{}', '{"rule":"* * * * * *"}')`;
  const nextTick = async () => {
    const [row] = await stage.sql<
      { tick: Date | null }[]
    >`select next_tick as tick from app_jobs.scheduled_jobs`;
    return row?.tick ?? null;
  };
  const before = await until("it ticks", nextTick);
  for (let cut = 0; cut < 5; cut++)
    await stage.sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name in ('jobs-scheduler', 'jobs-listen')`;
  await until("it has gone on", async () => {
    const tick = await nextTick();
    return tick !== null && tick.getTime() > before.getTime() + 1_000;
  });
  await until("it is ready again", async () => (await stage.readyStatus()) === 200);
});

test("a scheduler that waits for its database stops when told to", async () => {
  const env = { PGHOST: "127.0.0.1", PGPORT: "1" };
  const scheduler = startScheduler(readSettings("the scheduler", schedulerSettings, env), { log });
  await scheduler.drain();
  await scheduler.ready;
  expect(lines.some((line) => line.includes("waiting for the database"))).toBe(true);
});

test("a scheduler without the queue's schema says how to get it", async () => {
  await using database = await withDatabase("empty");
  const settings = readSettings("the scheduler", schedulerSettings, database.env);
  const scheduler = startScheduler(settings, { log });
  const fault = await scheduler.ready.catch(String);
  expect(fault).toContain('Run "bun run db:migrate"');
  await scheduler.drain();
});
