import { expect, setSystemTime, test } from "bun:test";
import { connect } from "../../db/client/connect.ts";
import { createSchedules } from "../../db/client/schedules.ts";
import { tenant, withLooks } from "../testing/with-looks.ts";
import { lookAtSchedules } from "./look.ts";
import { createRests } from "./rests.ts";

test("after ten minutes without a scheduler each policy for missed ticks makes its jobs", async () => {
  await using stage = await withLooks();
  const add = (policies: object) => stage.add({ info: { ...stage.untilNow, ...policies }, minutesOld: 10 });
  const latest = await add({});
  const some = await add({ missed: { all: 3 }, overlap: "allow" });
  const every = await add({ missed: { all: 1_000 }, overlap: "allow" });
  const none = await stage.add({ info: { ...stage.hourly(10), missed: "skip" }, minutesOld: 15 });
  await stage.look();
  expect(await stage.minutesAgo(latest)).toEqual([0]);
  expect(await stage.minutesAgo(some)).toEqual([2, 1, 0]);
  expect(await stage.minutesAgo(every)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
  expect(await stage.minutesAgo(none)).toEqual([]);
  expect((await stage.row(none))?.nextTick).toBeInstanceOf(Date);
  expect(stage.lines.filter((line) => line.includes("ticks missed"))).toHaveLength(3);
});

test("more missed ticks than one look runs are run by the next ones", async () => {
  await using stage = await withLooks();
  const id = await stage.add({
    info: { ...stage.untilNow, missed: { all: 1_000 }, overlap: "allow" },
    minutesOld: 90,
  });
  await stage.look();
  expect(await stage.minutesAgo(id)).toEqual(Array.from({ length: 90 }, (_, index) => 89 - index));
});

test("a schedule whose rule changed, or that resumed, goes on from then", async () => {
  await using stage = await withLooks();
  const changed = await stage.add({ info: { rule: "0 0 1 1 *" }, minutesOld: 10 });
  const resumed = await stage.add({ info: stage.hourly(5), minutesOld: 10 });
  await stage.schedules.pause([resumed]);
  await stage.sql`
    update app_jobs.scheduled_jobs
    set schedule_info = json_build_object('rule', ${stage.hourly(5).rule}::text)
    where id = ${changed}`;
  await stage.look();
  expect(await stage.sql`select from app_jobs.jobs`).toHaveLength(0);
  await stage.schedules.resume(null);
  await stage.look();
  expect(await stage.sql`select from app_jobs.jobs`).toHaveLength(0);
  const now = await stage.schedules.now();
  for (const id of [changed, resumed])
    expect(Number((await stage.row(id))?.nextTick)).toBeGreaterThan(Number(now));
});

test("a schedule that is over stays so when it is paused and resumed", async () => {
  await using stage = await withLooks();
  const id = await stage.add({ info: stage.untilNow, minutesOld: 2 });
  await stage.look();
  expect(await stage.row(id)).toMatchObject({ isOver: true, error: null });
  await stage.schedules.pause(null);
  await stage.schedules.resume(null);
  await stage.look();
  expect(await stage.row(id)).toMatchObject({ isOver: true, error: null });
});

test("jitter delays a job by less than itself, and not its due time", async () => {
  await using stage = await withLooks();
  const id = await stage.add({ info: { ...stage.untilNow, jitterSeconds: 3_600 }, minutesOld: 1 });
  await stage.look();
  const [job] = await stage.sql`
    select scheduled_at, run_at between scheduled_at and scheduled_at + interval '1 hour' as is_within
    from app_jobs.jobs where schedule_id = ${id}`;
  expect(job).toEqual({ scheduled_at: stage.minute, is_within: true });
});

test("in a transaction of many ticks one that fails fails alone", async () => {
  await using stage = await withLooks();
  await stage.sql`alter table app_jobs.jobs add constraint no_fives check (payload ->> 'n' is distinct from '5')`;
  await stage.sql`
    insert into app_jobs.scheduled_jobs (database_id, task_identifier, payload, schedule_info, ticked_until)
    select ${tenant}, 'report', json_build_object('n', n::text),
      json_build_object('rule', '* * * * *', 'end', ${stage.minute.toISOString()}::text),
      ${stage.minute}::timestamptz - interval '1 minute'
    from generate_series(1, 40) as n`;
  await stage.look();
  const jobs = await stage.sql<
    { n: number }[]
  >`select (payload ->> 'n')::int as n from app_jobs.jobs order by 1`;
  expect(jobs.map((job) => job.n)).toEqual(
    Array.from({ length: 40 }, (_, n) => n + 1).filter((n) => n !== 5),
  );
  expect(stage.lines.filter((line) => line.includes("schedule fails"))).toHaveLength(1);
});

test.each([-3_600, -5, 5, 3_600])(
  "a scheduler whose clock is off by %d s goes by the database's",
  async (seconds) => {
    await using stage = await withLooks();
    const due = await stage.add({ info: stage.untilNow, minutesOld: 1 });
    const coming = await stage.add({ info: stage.hourly(30), minutesOld: 10 });
    try {
      setSystemTime(new Date(Date.now() + seconds * 1000));
      await stage.look();
    } finally {
      setSystemTime();
    }
    expect(await stage.minutesAgo(due)).toEqual([0]);
    expect(await stage.minutesAgo(coming)).toEqual([]);
    const inHalfAnHour = stage.minute.getTime() + 30 * 60_000;
    expect((await stage.row(coming))?.nextTick).toEqual(new Date(inHalfAnHour));
  },
);

test("a look at thousands of schedules reads only those that are due", async () => {
  await using stage = await withLooks();
  await stage.sql`
    insert into app_jobs.scheduled_jobs (database_id, task_identifier, schedule_info, next_tick)
    select ${tenant}, 'report', '{"rule":"0 0 1 1 *"}', '2100-01-01'::timestamptz + n * interval '1 second'
    from generate_series(1, 5000) as n`;
  await stage.sql`vacuum analyze app_jobs.scheduled_jobs`;
  const sql = connect(stage.settings, { max: 1, name: "one-look" });
  const schedules = createSchedules(sql, "app_jobs");
  const rests = createRests(() => 0);
  const rowsRead = async () => {
    await sql`select pg_stat_force_next_flush()`;
    const [row] = await sql<{ rows: number }[]>`
      select (seq_tup_read + idx_tup_fetch)::int as rows
      from pg_stat_user_tables where relname = 'scheduled_jobs'`;
    return row?.rows ?? -1;
  };
  const before = await rowsRead();
  // From the sixth time on Postgres may plan a statement without its parameters.
  for (let count = 0; count < 10; count++) {
    const { now } = await lookAtSchedules({ schedules, rests, log: stage.log });
    await schedules.secondsToNext(now);
  }
  expect((await rowsRead()) - before).toBeLessThanOrEqual(20);
  await sql.end();
});
