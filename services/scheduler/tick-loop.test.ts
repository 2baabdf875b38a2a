import { expect, test } from "bun:test";
import { createSchedules } from "../../db/client/schedules.ts";
import { createLoops } from "../health/loops.ts";
import { createLog } from "../log/log.ts";
import { until } from "../testing/until.ts";
import { withDatabase } from "../testing/with-database.ts";
import { startTickLoop, type TickLoop } from "./tick-loop.ts";

const tenant = "00000000-0000-0000-0000-000000000001";
const everySecond = { rule: "* * * * * *" };
const neverSoon = { rule: "0 0 1 1 *" };

/** A database with as many tick loops as wanted, which look often so that a test need not wait. */
async function withLoops(count: number) {
  const database = await withDatabase();
  const { sql } = database;
  const lines: Record<string, unknown>[] = [];
  const log = createLog({
    level: "debug",
    format: "json",
    write: (line) => lines.push(JSON.parse(line)),
    now: () => new Date(),
  });
  const schedules = createSchedules(sql, "app_jobs");
  const loops: TickLoop[] = [];
  const loop = createLoops({ log }).add("ticks");
  const start = () => loops.push(startTickLoop({ schedules, pollSeconds: 0.1, loop, log }));
  for (let index = 0; index < count; index++) start();
  return {
    sql,
    lines,
    start,
    logged: (event: string) => lines.filter((line) => String(line["event"]).startsWith(event)),
    add: (info: object, key?: string) =>
      schedules.add({ databaseId: tenant, task: "report", scheduleInfo: JSON.stringify(info), key }),
    list: () => schedules.list(100),
    jobs: () => sql<{ id: string; schedule_id: string; scheduled_at: Date }[]>`
      select id, schedule_id, scheduled_at from app_jobs.jobs order by id`,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(loops.map((loop) => loop.drain()));
      await database[Symbol.asyncDispose]();
    },
  };
}

type Stage = Awaited<ReturnType<typeof withLoops>>;

/** Waits until a schedule is planned, then makes this time its next tick. */
async function dueSince(stage: Stage, id: string, { seconds }: { seconds: number }): Promise<Date> {
  await until("it is planned", async () => (await stage.list()).find((row) => row.id === id)?.nextTick);
  const [row] = await stage.sql<{ next_tick: Date }[]>`
    update app_jobs.scheduled_jobs
    set next_tick = date_trunc('second', now()) - ${seconds} * interval '1 second',
      ticked_until = now() - interval '1 hour'
    where id = ${id}
    returning next_tick`;
  if (row === undefined) throw new Error("The schedule has gone.");
  return row.next_tick;
}

test("the seed's call, with a rule for every second, makes a job", async () => {
  await using stage = await withLoops(1);
  await stage.sql.unsafe(`
    SELECT app_jobs.add_scheduled_job(
      '00000000-0000-0000-0000-000000000001'::uuid,
      'some-task-name',
      json_build_object('foo', 'bar'),
      json_build_object(
        'start', NOW(),
        'end',   NOW() + '1 day'::interval,
        'rule',  '* * * * * *'
      )
    );`);
  const [job] = await until("a job is made", async () => {
    const rows = await stage.sql`
      select task_identifier, payload, schedule_id is not null as scheduled, scheduled_at <= now() as due
      from app_jobs.jobs`;
    return rows.length > 0 && rows;
  });
  expect(job).toEqual({
    task_identifier: "some-task-name",
    payload: { foo: "bar" },
    scheduled: true,
    due: true,
  });
});

test("two loops make exactly one job of each tick", async () => {
  await using stage = await withLoops(2);
  const ids = await Promise.all(Array.from({ length: 50 }, () => stage.add(neverSoon)));
  const ticks = await Promise.all(ids.map((id) => dueSince(stage, id, { seconds: 1 })));
  await until("all ticks have run", async () => (await stage.jobs()).length >= ids.length);
  await until("none is due", async () => (await stage.list()).every((row) => row.nextTick !== null));
  const jobs = await stage.jobs();
  expect(jobs.map((job) => job.schedule_id).sort()).toEqual([...ids].sort());
  expect(new Set(jobs.map((job) => Number(job.scheduled_at)))).toEqual(new Set(ticks.map(Number)));
});

test("a changed rule is read anew and a removed schedule makes no more jobs", async () => {
  await using stage = await withLoops(1);
  const id = await stage.add(neverSoon, "the report");
  const planned = async () => (await stage.list()).find((row) => row.id === id)?.nextTick;
  const before = await until("it is planned", planned);
  await stage.add({ rule: "0 0 2 1 *" }, "the report");
  await until("it is planned anew", async () => {
    const tick = await planned();
    return tick instanceof Date && tick > before;
  });
  await stage.sql`delete from app_jobs.scheduled_jobs where id = ${id}`;
  const other = await stage.add(everySecond);
  const jobs = await until("another one runs", async () => {
    const rows = await stage.jobs();
    return rows.length > 0 && rows;
  });
  expect(jobs.map((job) => job.schedule_id)).toEqual([other]);
});

test("a bad rule by plain SQL is marked and logged once, and the others go on", async () => {
  await using stage = await withLoops(2);
  await stage.sql`
    insert into app_jobs.scheduled_jobs (database_id, task_identifier, schedule_info) values
      (${tenant}, 'bad', '{"rule":"61 * * * *"}'), (${tenant}, 'nul', '{"rule":"\\u0000 * * * *"}'),
      (${tenant}, 'empty', '[]'), (${tenant}, 'never', '{"rule":"0 0 30 2 *"}')`;
  const good = await stage.add(everySecond);
  await until("the good one runs", async () => (await stage.jobs()).some((job) => job.schedule_id === good));
  const errors = (await stage.list()).map((row) => `${row.task}: ${row.error}`);
  expect(errors).toEqual([
    "report: null",
    'never: can never tick: no date matches "0 0 30 2 *"',
    "empty: is []: expected a JSON object",
    expect.stringContaining('nul: rule "\\u0000 * * * *" cannot be read'),
    'bad: rule "61 * * * *" cannot be read: Invalid value for minute: 61',
  ]);
  expect(stage.logged("schedule cannot be used")).toHaveLength(4);
});

test("a dead previous job does not stop a schedule", async () => {
  await using stage = await withLoops(1);
  const id = await stage.add(neverSoon, "with a key");
  await dueSince(stage, id, { seconds: 1 });
  const [first] = await until("the first job", async () => {
    const jobs = await stage.jobs();
    return jobs.length === 1 && jobs;
  });
  await stage.sql`select app_jobs.permanently_fail_jobs(array[${first?.id ?? ""}]::bigint[], 'broken')`;
  await dueSince(stage, id, { seconds: 1 });
  await until("the second job", async () => (await stage.jobs()).some(({ id }) => id !== first?.id));
});

/** Holds something in a transaction while `act` runs. */
async function whileHeld(stage: Stage, hold: string, act: () => Promise<void>): Promise<void> {
  const holder = await stage.sql.reserve();
  try {
    await holder`begin`;
    await holder.unsafe(hold, [tenant]);
    await act();
  } finally {
    await holder`rollback`;
    holder.release();
  }
}

/** Waits until other schedules than `kept` are read and run, which is not. */
async function othersGoOn(stage: Stage, kept: string): Promise<void> {
  const free = await stage.add(everySecond);
  const wrong = await stage.add({ rule: "61 * * * *" });
  await until("another runs", async () => (await stage.jobs()).some((job) => job.schedule_id === free));
  await until("a rule is read", async () => (await stage.list()).find(({ id }) => id === wrong)?.error);
  expect((await stage.jobs()).some((job) => job.schedule_id === kept)).toBe(false);
}

test("an open transaction that holds the key of a schedule's job keeps that schedule alone, until it has ended", async () => {
  await using stage = await withLoops(1);
  const kept = await stage.add(neverSoon, "k");
  await until("it is planned", async () => (await stage.list())[0]?.nextTick);
  await whileHeld(stage, "select app_jobs.add_job($1, 'other', job_key => 'k')", async () => {
    await dueSince(stage, kept, { seconds: 1 });
    await othersGoOn(stage, kept);
  });
  await until("it runs", async () => (await stage.jobs()).some((job) => job.schedule_id === kept));
});

test("an open transaction that holds the row of a schedule keeps that schedule alone, until it has ended", async () => {
  await using stage = await withLoops(0);
  const kept = await stage.add(neverSoon, "k");
  await whileHeld(
    stage,
    "select from app_jobs.scheduled_jobs where database_id = $1 for update",
    async () => {
      stage.start();
      await othersGoOn(stage, kept);
    },
  );
  await until("it is planned", async () => (await stage.list()).find(({ id }) => id === kept)?.nextTick);
});

test("a tick whose previous job still waits is skipped and counted", async () => {
  await using stage = await withLoops(1);
  const id = await stage.add(neverSoon);
  await dueSince(stage, id, { seconds: 1 });
  await until("the first job", async () => (await stage.jobs()).length === 1);
  await dueSince(stage, id, { seconds: 1 });
  await until("the skipped tick is counted", async () =>
    (await stage.list()).some((row) => row.skippedTicks === "1"),
  );
  expect(await stage.jobs()).toHaveLength(1);
  expect(stage.logged("tick skipped")).toHaveLength(1);
});

test("ticks missed while no scheduler ran make one job, for the latest", async () => {
  await using stage = await withLoops(0);
  const id = await stage.add({ rule: "* * * * *" });
  await stage.sql`
    update app_jobs.scheduled_jobs
    set ticked_until = date_trunc('minute', now()) - interval '10 minutes'`;
  stage.start();
  await until("a job is made", async () => (await stage.jobs()).length === 1);
  const [row] = await stage.list();
  const [job] = await stage.jobs();
  const minute = 60_000;
  expect(job?.schedule_id).toBe(id);
  expect(Number(row?.nextTick) - Number(job?.scheduled_at)).toBe(minute);
  expect(stage.logged("ticks missed")).toHaveLength(1);
});

test("a schedule past its end is over, not faulty", async () => {
  await using stage = await withLoops(1);
  const end = new Date(Date.now() + 3_000).toISOString();
  await stage.add({ ...everySecond, end });
  await until("it is over", async () => (await stage.list())[0]?.isOver);
  expect((await stage.list())[0]?.error).toBeNull();
});

test("a schedule whose job cannot be made rests, and the others go on", async () => {
  await using stage = await withLoops(1);
  await stage.sql.unsafe(`
    alter table app_jobs.jobs add constraint no_reports check (task_identifier <> 'report');
    select app_jobs.add_scheduled_job('${tenant}', 'good', '{}', '{"rule":"* * * * * *"}')`);
  const bad = await stage.add(neverSoon);
  await dueSince(stage, bad, { seconds: 1 });
  await until("the bad one is logged", () => stage.logged("schedule fails").length > 0);
  await until("the good one runs", async () => (await stage.jobs()).length > 0);
  expect(stage.logged("schedule fails").length).toBeLessThan(4);
});

test("many unread schedules are all planned", async () => {
  await using stage = await withLoops(2);
  await stage.sql`
    insert into app_jobs.scheduled_jobs (database_id, task_identifier, schedule_info)
    select ${tenant}, 'many', '{"rule":"0 0 1 1 *"}' from generate_series(1, 1000)`;
  await until("all are planned", async () => {
    const [row] =
      await stage.sql`select count(*)::int as left from app_jobs.scheduled_jobs where next_tick is null`;
    return row?.["left"] === 0;
  });
});
