import { expect, test } from "bun:test";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";
const rule = '{"rule":"0 0 1 1 *"}';

async function schedule({ sql }: TestDatabase, key: string | null = null): Promise<string> {
  const [row] = await sql<{ id: string }[]>`
    select id from app_jobs.add_scheduled_job(${tenant}, 'report', '{"n":1}', ${rule}::text::json, job_key => ${key},
      queue_name => 'q', max_attempts => 3, priority => 2)`;
  return row?.id ?? "";
}

test("a schedule is kept as given, and its key replaces it within its tenant", async () => {
  await using db = await withDatabase();
  await schedule(db, "k");
  await schedule(db, "k");
  await db.sql`select app_jobs.add_scheduled_job(gen_random_uuid(), 'other', job_key => 'k')`;
  const rows = await db.sql`
    select task_identifier, payload, queue_name, max_attempts, priority, key, last_scheduled
    from app_jobs.scheduled_jobs where database_id = ${tenant}`;
  expect([...rows]).toEqual([
    {
      task_identifier: "report",
      payload: { n: 1 },
      queue_name: "q",
      max_attempts: 3,
      priority: 2,
      key: "k",
      last_scheduled: null,
    },
  ]);
  expect(await db.sql`select from app_jobs.scheduled_jobs`).toHaveLength(2);
});

test("running a schedule enqueues its job and writes down which and when", async () => {
  await using db = await withDatabase();
  const id = await schedule(db);
  await db.sql`select app_jobs.run_scheduled_job(${id})`;
  const rows = await db.sql`
    select j.task_identifier, j.payload, j.queue_name, j.max_attempts, j.priority, j.database_id,
      s.last_scheduled is not null as is_noted
    from app_jobs.jobs as j inner join app_jobs.scheduled_jobs as s on s.last_scheduled_id = j.id`;
  expect([...rows]).toEqual([
    {
      task_identifier: "report",
      payload: { n: 1 },
      queue_name: "q",
      max_attempts: 3,
      priority: 2,
      database_id: tenant,
      is_noted: true,
    },
  ]);
});

test("ALREADY_SCHEDULED is raised while the previous job waits or runs, and no longer", async () => {
  await using db = await withDatabase();
  const id = await schedule(db);
  const run = () =>
    db.sql`select app_jobs.run_scheduled_job(${id})`.then(
      () => "made",
      (error: unknown) => String(error),
    );
  expect(await run()).toBe("made");
  expect(await run()).toContain("ALREADY_SCHEDULED");
  await db.sql`select app_jobs.get_job('w')`;
  expect(await run()).toContain("ALREADY_SCHEDULED");
  await db.sql`select app_jobs.complete_job('w', id) from app_jobs.jobs`;
  expect(await run()).toBe("made");
  await db.sql`select app_jobs.permanently_fail_jobs(array_agg(id)) from app_jobs.jobs`;
  expect(await run()).toBe("made");
});

test("a job that took the place of a schedule's under its key neither holds the schedule back nor keeps the key", async () => {
  await using db = await withDatabase();
  const id = await schedule(db, "k");
  await db.sql`select app_jobs.run_scheduled_job(${id})`;
  await db.sql`select app_jobs.add_job(${tenant}, 'other', job_key => 'k', run_at => now() + interval '1 year')`;
  await db.sql`select app_jobs.run_scheduled_job(${id})`;
  const jobs =
    await db.sql`select task_identifier, key, schedule_id, run_at <= now() as is_due from app_jobs.jobs`;
  expect([...jobs]).toEqual([{ task_identifier: "report", key: "k", schedule_id: id, is_due: true }]);
});

test("a scheduler's claim is its own until it is released or runs out", async () => {
  await using db = await withDatabase();
  const id = await schedule(db);
  const claim = async (worker: string) =>
    (await db.sql<{ id: string | null }[]>`select id from app_jobs.get_scheduled_job(${worker})`)[0]?.id;
  expect(await claim("a")).toBe(id);
  expect(await claim("b")).toBeNull();
  await db.sql`select app_jobs.release_scheduled_jobs('b')`;
  expect(await claim("b")).toBeNull();
  await db.sql`select app_jobs.release_scheduled_jobs('a')`;
  expect(await claim("b")).toBe(id);
  await db.sql`update app_jobs.scheduled_jobs set locked_at = now() - interval '1 day'`;
  expect(await claim("c")).toBe(id);
  const refusal = await db.sql`select app_jobs.get_scheduled_job(null)`.catch(String);
  expect(refusal).toContain("INVALID_WORKER_ID");
});

test("a schedule that is not there is named", async () => {
  await using db = await withDatabase();
  const refusal = await db.sql`select app_jobs.run_scheduled_job(99)`.catch(String);
  expect(refusal).toContain("SCHEDULE_NOT_FOUND");
});

test.each([
  ["{}", '{"due":"2026-01-01T00:00:00.000Z"}'],
  [" { } \n", ' { "due":"2026-01-01T00:00:00.000Z"}'],
  ['{"n":1.0, "text":"\\u0000"}', '{"n":1.0, "text":"\\u0000","due":"2026-01-01T00:00:00.000Z"}'],
  ["[1]", "[1]"],
])("the payload %j is kept as it is where the tick's time is put into it", async (payload, expected) => {
  await using db = await withDatabase();
  const info = '{"rule":"* * * * *","scheduledAtField":"due"}';
  await db.sql`select app_jobs.add_scheduled_job(${tenant}, 'a', ${payload}::text::json, ${info}::text::json)`;
  await db.sql`select app_jobs.make_scheduled_job(s, '2026-01-01Z', now()) from app_jobs.scheduled_jobs as s`;
  const [job] = await db.sql<{ text: string }[]>`select payload::text as text from app_jobs.jobs`;
  expect(job?.text).toBe(expected);
  expect(() => JSON.parse(expected)).not.toThrow();
});

test("a schedule_info that no scheduler would read is refused in words, and one as long as may be is not", async () => {
  await using database = await withDatabase();
  const add = (note: number) => database.sql`
    select app_jobs.add_scheduled_job(${tenant}, 'report', '{}',
      json_build_object('rule', '* * * * *', 'note', repeat('x', ${note}::int)))`;
  const around = '{"rule" : "* * * * *", "note" : ""}'.length;
  await add(16_384 - around);
  for (const note of [16_385 - around, 1_000_000])
    expect(Promise.resolve(add(note))).rejects.toMatchObject({
      message: "INVALID_JOB",
      detail:
        "add_scheduled_job was called with a schedule_info that is longer than the 16384 bytes that are read.",
    });
  expect(await database.sql`select from app_jobs.scheduled_jobs`).toHaveLength(1);
});
