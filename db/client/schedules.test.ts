import { expect, test } from "bun:test";
import { withDatabase } from "../../services/testing/with-database.ts";
import { createSchedules, type Schedules } from "./schedules.ts";

const tenant = "00000000-0000-0000-0000-000000000001";
const scheduleInfo = '{ "rule":"* * * * *" }';
const everything = { limit: 10, except: [] };

async function withSchedule() {
  const database = await withDatabase();
  const schedules = createSchedules(database.sql, "app_jobs");
  const id = await schedules.add({ databaseId: tenant, task: "report", scheduleInfo });
  // As old as a schedule that has missed ticks.
  await database.sql`update app_jobs.scheduled_jobs set ticked_until = now() - interval '1 hour'`;
  const [row] = await schedules.unread(everything);
  if (row === undefined) throw new Error("The schedule that was just added is not there.");
  return { database, schedules, id, row, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() };
}

const secondsAgo = async (schedules: { now: () => Promise<Date> }, seconds: number) =>
  new Date((await schedules.now()).getTime() - seconds * 1000);

/** Runs the last tick of a schedule and gives what became of it. */
const runTick = async (schedules: Pick<Schedules, "runTicks">, tick: { id: string; tickText: string }) => {
  const [result] = await schedules.runTicks([{ ...tick, following: null, delaySeconds: 0 }]);
  return result;
};

test("a new schedule is unread, with its rule byte for byte", async () => {
  await using given = await withSchedule();
  expect(given.row).toMatchObject({ id: given.id, task: "report", scheduleInfo });
});

test("a planned schedule is unread no more and tells when it is next", async () => {
  await using given = await withSchedule();
  const { schedules, row } = given;
  const now = await schedules.now();
  expect(await schedules.secondsToNext(now)).toBeNull();
  expect(await schedules.plan(row, new Date(now.getTime() + 60_000))).toBe(true);
  expect(await schedules.unread(everything)).toEqual([]);
  expect(await schedules.secondsToNext(now)).toBeWithin(50, 60.01);
  expect(await schedules.due(now, everything)).toEqual([]);
});

test("a rule that has changed since it was read is not planned by its old text", async () => {
  await using given = await withSchedule();
  const { database, schedules, row } = given;
  await database.sql`update app_jobs.scheduled_jobs set schedule_info = '{"rule":"0 0 * * *"}'`;
  expect(await schedules.plan(row, new Date())).toBe(false);
  expect(await schedules.refuse(row, "too old")).toBe(false);
});

test("a refused schedule keeps the reason until its rule changes", async () => {
  await using given = await withSchedule();
  const { database, schedules, row } = given;
  expect(await schedules.refuse(row, 'rule "x" is none')).toBe(true);
  expect(await schedules.list(10)).toMatchObject([{ error: 'rule "x" is none', nextTick: null }]);
  expect(await schedules.unread(everything)).toEqual([]);
  await database.sql`update app_jobs.scheduled_jobs set schedule_info = '{"rule":"0 0 * * *"}'`;
  expect(await schedules.unread(everything)).toMatchObject([{ id: given.id }]);
});

test("a due tick is run by one caller alone", async () => {
  await using given = await withSchedule();
  const { database, schedules, row } = given;
  const tick = await secondsAgo(schedules, 1);
  await schedules.plan(row, tick);
  const [due] = await schedules.due(await schedules.now(), everything);
  if (due === undefined) throw new Error("The tick is not due.");
  expect(due.tick).toEqual(tick);
  const run = () => runTick(schedules, due);
  const results = await Promise.all([run(), run()]);
  expect(results.sort()).toEqual(["elsewhere", "run"]);
  const jobs = [...(await database.sql`select schedule_id, scheduled_at from app_jobs.jobs`)];
  expect(jobs).toEqual([{ schedule_id: given.id, scheduled_at: tick }]);
  expect(await schedules.list(10)).toMatchObject([{ isOver: true, nextTick: null }]);
});

test("a tick that an operator set by hand, to the microsecond, is run too", async () => {
  await using given = await withSchedule();
  const { database, schedules } = given;
  await database.sql`
    update app_jobs.scheduled_jobs
    set next_tick = date_trunc('second', now()) - interval '1 second' + interval '123456 microseconds'`;
  const [due] = await schedules.due(await schedules.now(), everything);
  if (due === undefined) throw new Error("The tick is not due.");
  expect(await runTick(schedules, due)).toBe("run");
});

test("a tick that was run makes no second job, whoever sets it again", async () => {
  await using given = await withSchedule();
  const { database, schedules, row } = given;
  const tick = await secondsAgo(schedules, 1);
  for (const expected of ["run", "repeated"] as const) {
    await database.sql`update app_jobs.scheduled_jobs set next_tick = ${tick}`;
    const [due] = await schedules.due(await schedules.now(), everything);
    if (due === undefined) throw new Error("The tick is not due.");
    expect(await runTick(schedules, due)).toBe(expected);
  }
  await database.sql`update app_jobs.scheduled_jobs set next_tick = null`;
  expect(await schedules.plan(row, tick)).toBe(false);
  expect(await database.sql`select from app_jobs.jobs`).toHaveLength(1);
});

test("a paused schedule is not due, and resumes with the ticks from then on", async () => {
  await using given = await withSchedule();
  const { schedules, row, id } = given;
  await schedules.plan(row, await secondsAgo(schedules, 1));
  const [due] = await schedules.due(await schedules.now(), everything);
  if (due === undefined) throw new Error("The tick is not due.");
  expect(await schedules.pause([id, "999999"])).toEqual([id]);
  expect(await schedules.pause(null)).toEqual([]);
  expect(await schedules.due(await schedules.now(), everything)).toEqual([]);
  expect(await runTick(schedules, due)).toBe("elsewhere");
  expect(await schedules.passOver(due, null)).toBe(false);
  expect(await schedules.resume(null)).toEqual([id]);
  const [unread] = await schedules.unread(everything);
  expect(Number(unread?.tickedUntil)).toBeGreaterThan(Number(due.tick));
});

test("missed ticks are passed over by one caller alone", async () => {
  await using given = await withSchedule();
  const { schedules, row } = given;
  await schedules.plan(row, await secondsAgo(schedules, 300));
  const [due] = await schedules.due(await schedules.now(), everything);
  if (due === undefined) throw new Error("The tick is not due.");
  const latest = await secondsAgo(schedules, 1);
  expect(await schedules.passOver(due, latest)).toBe(true);
  expect(await schedules.passOver(due, latest)).toBe(false);
  expect(await schedules.due(await schedules.now(), everything)).toMatchObject([{ tick: latest }]);
});

test("a schedule that another system has claimed is left to it for an hour", async () => {
  await using given = await withSchedule();
  const { database, schedules, row } = given;
  await schedules.plan(row, await secondsAgo(schedules, 1));
  await database.sql`select app_jobs.get_scheduled_job('theirs')`;
  expect(await schedules.due(await schedules.now(), everything)).toEqual([]);
  await database.sql`update app_jobs.scheduled_jobs set locked_at = now() - interval '61 minutes'`;
  expect(await schedules.due(await schedules.now(), everything)).toHaveLength(1);
});

test("ids that rest are left out", async () => {
  await using given = await withSchedule();
  const { schedules, row, id } = given;
  expect(await schedules.unread({ limit: 10, except: [id] })).toEqual([]);
  await schedules.plan(row, await secondsAgo(schedules, 1));
  expect(await schedules.due(await schedules.now(), { limit: 10, except: [id] })).toEqual([]);
});

test("a tick whose jobs may overlap makes one while the previous one waits, and without the key", async () => {
  await using given = await withSchedule();
  const { database, schedules } = given;
  const info = { rule: "* * * * *", overlap: "allow", scheduledAtField: "period" };
  const allowed = await schedules.add({
    databaseId: tenant,
    task: "allowed",
    scheduleInfo: JSON.stringify(info),
    payload: '{"to":1}',
    key: "k",
  });
  await database.sql`update app_jobs.scheduled_jobs set ticked_until = '2026-01-01' where id = ${allowed}`;
  const tickTexts = ["2026-01-01T00:01:00Z", "2026-01-01T00:02:00Z"];
  for (const tickText of tickTexts) {
    await database.sql`update app_jobs.scheduled_jobs set next_tick = ${tickText} where id = ${allowed}`;
    expect(await runTick(schedules, { id: allowed, tickText })).toBe("run");
  }
  const jobs = [...(await database.sql`select key, payload from app_jobs.jobs order by id`)];
  expect(jobs).toEqual([
    { key: null, payload: { to: 1, period: "2026-01-01T00:01:00.000Z" } },
    { key: null, payload: { to: 1, period: "2026-01-01T00:02:00.000Z" } },
  ]);
});

test("a delayed tick's job is due that much after the tick, or at once", async () => {
  await using given = await withSchedule();
  const { database, schedules, row } = given;
  await schedules.plan(row, await secondsAgo(schedules, 30));
  const [due] = await schedules.due(await schedules.now(), everything);
  if (due === undefined) throw new Error("The tick is not due.");
  await schedules.runTicks([{ ...due, following: null, delaySeconds: 60 }]);
  const [job] = await database.sql`
    select extract(epoch from run_at - scheduled_at)::int as delay, scheduled_at from app_jobs.jobs`;
  expect(job).toEqual({ delay: 60, scheduled_at: due.tick });
});

test("a removed schedule is gone, and only what was there is told", async () => {
  await using given = await withSchedule();
  expect(await given.schedules.remove([given.id, "999999"])).toEqual([given.id]);
  expect(await given.schedules.list(10)).toEqual([]);
});
