import { afterInnocents, type Neighbour, type Tools, tenant } from "./neighbour.ts";

/** Adds schedules straight to their table, as an application's own SQL may. */
const addSchedules = ({ sql, many }: Tools, count: number, info: string) =>
  sql.unsafe(`
    insert into app_jobs.scheduled_jobs (database_id, task_identifier, schedule_info, priority)
    select ${tenant}, 'fine', (${info})::json, ${afterInnocents}
    from generate_series(1, ${count > 1_000 ? many(count) : count})`);

const everySecond = `'{"rule": "* * * * * *"}'`;

/** The second of the minute three seconds from now, within the window then. */
const soon = () => new Date(Date.now() + 3_000).getUTCSeconds();

/** Neighbours that come in bulk: large payloads, many at once, schedules. */
export const bulkNeighbours = {
  "payloads-9mb": {
    does: "32 due jobs of 9 MB each",
    mayFillMachine: true,
    begin: async ({ add, many }) => {
      await add({
        count: 32,
        task: "'fine'",
        priority: afterInnocents,
        payload: `to_json(repeat('x', ${many(9_000_000)}))`,
      });
    },
  },
  "payload-200mb": {
    does: "one due job of 200 MB, if that is taken",
    mayFillMachine: true,
    begin: async ({ add, many }) => {
      const payload = `to_json(repeat('x', ${many(200_000_000)}))`;
      await add({ count: 1, task: "'fine'", priority: afterInnocents, payload }).catch(() => undefined);
    },
  },
  "enqueue-1e5": {
    does: "100,000 jobs are enqueued by one add_task_jobs, again and again",
    mayFillMachine: true,
    begin: async ({ many, keepDoing }) => {
      keepDoing(
        (sql) =>
          sql.unsafe(`
          select count(*)
          from app_jobs.add_task_jobs(
            ${tenant},
            'fine',
            (select array_agg('{}'::json) from generate_series(1, ${many(100_000)})),
            priority => ${afterInnocents}
          )`),
        { perSecond: 0.5 },
      );
    },
  },
  "cancel-and-retry-1e5": {
    does: "100,000 waiting jobs are cancelled by one statement and put back by another, again and again",
    mayFillMachine: true,
    begin: async ({ add, many, keepDoing }) => {
      await add({ count: many(100_000), task: "'fine'", runAt: "now() + interval '1 day'" });
      keepDoing(async (sql) => {
        await sql.unsafe(
          "select count(*) from app_jobs.cancel_jobs((select array_agg(id) from app_jobs.jobs where task_identifier = 'fine'))",
        );
        await sql.unsafe(
          "select count(*) from app_jobs.retry_dead_jobs((select array_agg(id) from app_jobs.dead_jobs), run_at => now() + interval '1 day')",
        );
      });
    },
  },
  "ended-leases-1e5": {
    does: "100,000 jobs were claimed by get_job, whose leases all end at once",
    mayFillMachine: true,
    begin: async ({ sql, many }) => {
      await sql.unsafe(`
        insert into app_jobs.jobs
          (database_id, task_identifier, priority, attempts, locked_at, locked_by, lease_token, lease_seconds)
        select ${tenant}, 'fine', ${afterInnocents}, 1, now(), 'away', gen_random_uuid(), 1
        from generate_series(1, ${many(100_000)})`);
    },
  },
  "policies-1e5": {
    does: "100,000 tasks have a policy, and one of them is changed ten times a second",
    mayFillMachine: true,
    begin: async ({ sql, many, keepDoing }) => {
      await sql.unsafe(`
        insert into app_jobs.task_policies (task_identifier, max_attempts)
        select 'task-' || i, 5
        from generate_series(1, ${many(100_000)}) as i`);
      keepDoing((one) => one.unsafe("select from app_jobs.set_task_policy('task-1', max_attempts => 5)"), {
        perSecond: 10,
      });
    },
  },
  notifications: {
    does: "a thousand notifications a second of jobs that are not there",
    mayFillMachine: true,
    begin: async ({ keepDoing }) =>
      keepDoing((sql) => sql`select pg_notify('jobs:insert', ''), pg_notify('jobs:orders', '')`, {
        perSecond: 1_000,
        lanes: 2,
      }),
  },
  "schedules-1e4": {
    does: "10,000 schedules are due at the same second",
    mayFillMachine: true,
    begin: async (tools) => {
      await addSchedules(tools, 10_000, `'{"rule": "${soon()} * * * * *"}'`);
    },
  },
  "failing-schedules": {
    does: "100 schedules fail at each tick, every second",
    begin: async (tools) => {
      await tools.sql.unsafe(`
        create function public.refuse_tick() returns trigger language plpgsql
        as $$ begin raise exception 'NO_TICKS'; end $$;
        create trigger refuse_tick before insert on app_jobs.jobs
        for each row when (new.schedule_id is not null) execute function public.refuse_tick()`);
      await addSchedules(tools, 100, everySecond);
    },
  },
  "absurd-schedule": {
    does: "a schedule of 20,000 empty ranges of years, and one whose rule is nonsense",
    begin: async (tools) => {
      await addSchedules(
        tools,
        1,
        `json_build_object('year', (select json_agg('{}'::json) from generate_series(1, ${tools.many(20_000)})))`,
      );
      await addSchedules(tools, 1, `'{"rule": "61 25 * * 9"}'`);
    },
  },
} as const satisfies Readonly<Record<string, Neighbour>>;
