import { expect, test } from "bun:test";
import { until } from "../testing/until.ts";
import { tenant, withLooks } from "../testing/with-looks.ts";
import { lookAtSchedules } from "./look.ts";
import { createRests } from "./rests.ts";

/** No schedule holds up another one, whatever it costs, raises or contains. */

test.each(["40001", "57014", "08006", "25006", "53100", "P0001"])(
  "a schedule whose job an application's trigger refuses with the state %s rests, and costs the others nothing",
  async (state) => {
    await using stage = await withLooks();
    await stage.sql.unsafe(`
      create function public.refuse() returns trigger language plpgsql as $$
      begin
        if new.payload ->> 'n' in ('3', '7') then raise exception 'not this one' using errcode = '${state}'; end if;
        return new;
      end $$;
      create trigger refuse before insert on app_jobs.jobs for each row execute function public.refuse();
      insert into app_jobs.scheduled_jobs (database_id, task_identifier, payload, schedule_info, ticked_until)
      select '${tenant}', 'report', json_build_object('n', n::text),
        '${JSON.stringify(stage.untilNow)}', '${stage.minute.toISOString()}'::timestamptz - interval '1 minute'
      from generate_series(1, 20) as n`);
    await stage.look();
    expect(await stage.sql`select from app_jobs.jobs`).toHaveLength(18);
    expect(stage.lines.filter((line) => line.includes("schedule fails"))).toHaveLength(2);
    // A look at those alone that rested.
    await lookAtSchedules({ ...stage, rests: createRests(() => 0), patienceMs: 60_000 });
    expect(stage.lines.filter((line) => line.includes("schedule fails"))).toHaveLength(4);
    expect((await stage.schedules.list(100)).filter((row) => row.isOver)).toHaveLength(18);
  },
);

test("a schedule whose job takes long is left behind, goes alone from then on, and the others go on", async () => {
  await using stage = await withLooks();
  const rests = createRests(() => 0);
  const look = () => lookAtSchedules({ ...stage, rests, patienceMs: 300 });
  await stage.sql.unsafe(`
    create function public.wait() returns trigger language plpgsql as $$
    begin
      if new.task_identifier = 'slow' then perform pg_advisory_lock(1); perform pg_advisory_unlock(1); end if;
      return new;
    end $$;
    create trigger wait before insert on app_jobs.jobs for each row execute function public.wait()`);
  const holder = await stage.sql.reserve();
  try {
    await holder`select pg_advisory_lock(1)`;
    await stage.sql`
      insert into app_jobs.scheduled_jobs (database_id, task_identifier, schedule_info, ticked_until)
      select ${tenant}, case when n = 3 then 'slow' else 'quick' end, ${JSON.stringify(stage.untilNow)}::text::json,
        ${stage.minute}::timestamptz - interval '1 minute'
      from generate_series(1, 6) as n`;
    await look();
    await look();
    const slow = await until("the slow one is on its way", () => rests.ids()[0]);
    // What shared its transaction waits with it; what comes now does not.
    await stage.add({ info: stage.untilNow, minutesOld: 1 });
    await look();
    await look();
    const jobs = await stage.sql`select from app_jobs.jobs where task_identifier = 'report'`;
    expect(jobs).toHaveLength(1);
    expect(rests.isDoubted(slow)).toBe(true);
  } finally {
    await holder`select pg_advisory_unlock(1)`;
    holder.release();
  }
  await until("all have ticked", async () => (await stage.sql`select from app_jobs.jobs`).length === 7);
});

test("a schedule whose tick has come waits for none of the thousands that have many to make up for", async () => {
  await using stage = await withLooks();
  await stage.sql`
    insert into app_jobs.scheduled_jobs (database_id, task_identifier, schedule_info, next_tick, ticked_until)
    select ${tenant}, 'behind', '{"rule":"* * * * *","missed":{"all":1000},"overlap":"allow"}'::json,
      ${stage.minute}::timestamptz - interval '900 minutes', '2020-01-01'
    from generate_series(1, 1000) as n`;
  const id = await stage.add({ info: stage.untilNow, minutesOld: 1 });
  const rests = createRests(() => 0);
  const look = () => lookAtSchedules({ ...stage, rests, patienceMs: 60_000 });
  await look();
  await look();
  expect(await stage.minutesAgo(id)).toEqual([0]);
  const [made] = await stage.sql`select count(*)::int as jobs from app_jobs.jobs`;
  expect(made?.["jobs"]).toBeLessThanOrEqual(2 * 500 + 1);
});

test.each([
  ["a rule of 80 KB", `{"year":[${Array.from({ length: 20_000 }, () => "{}").join(",")}]}`],
  ["one of 200 KB that compresses well", `{"rule":"* * * * *","note":"${"x".repeat(200_000)}"}`],
  ["one of many entries", `{"year":[${Array.from({ length: 5_000 }, () => "{}").join(",")}]}`],
])("%s that came by plain SQL is marked, whether or not its tick is set", async (_, info) => {
  await using stage = await withLooks();
  await stage.sql`
    insert into app_jobs.scheduled_jobs (database_id, task_identifier, schedule_info, next_tick, ticked_until) values
      (${tenant}, 'unread', ${info}::text::json, null, now()), (${tenant}, 'due', ${info}::text::json, now(), '2020-01-01')`;
  await stage.look();
  const rows = await stage.sql`
    select schedule_error ~ '^(is longer than the 16384 bytes that are read|year has 5000 entries)' as marked, next_tick
    from app_jobs.scheduled_jobs`;
  expect([...rows]).toEqual([
    { marked: true, next_tick: null },
    { marked: true, next_tick: null },
  ]);
  expect(stage.lines.filter((line) => line.includes("schedule cannot be used"))).toHaveLength(2);
  await stage.look();
  expect(stage.lines.filter((line) => line.includes("schedule cannot be used"))).toHaveLength(2);
});

test("broken rows cost themselves alone", async () => {
  await using stage = await withLooks();
  const rule = JSON.stringify({ rule: "* * * * *" });
  await stage.sql`
    insert into app_jobs.scheduled_jobs (database_id, task_identifier, schedule_info, next_tick, ticked_until) values
      (${tenant}, 'at minus infinity', ${rule}::text::json, '-infinity', now()),
      (${tenant}, 'settled for ever', ${rule}::text::json, null, 'infinity'),
      (${tenant}, 'settled never', ${rule}::text::json, null, '-infinity'),
      (${tenant}, 'a text', '"* * * * *"'::json, now(), '2020-01-01'),
      (${tenant}, 'a NUL', '{"rule":"* * * * *","note":"\\u0000"}'::json, now(), '2020-01-01'),
      (${tenant}, 'long ago', ${rule}::text::json, '4000-01-01 BC', '4713-01-01 BC')`;
  const id = await stage.add({ info: stage.untilNow, minutesOld: 1 });
  await stage.look();
  expect(await stage.minutesAgo(id)).toEqual([0]);
});
