import { createSchedules } from "../../db/client/schedules.ts";
import { createLog } from "../log/log.ts";
import { lookAtSchedules } from "../scheduler/look.ts";
import { createRests } from "../scheduler/rests.ts";
import { withDatabase } from "./with-database.ts";

/** Tenant of the schedules that a look finds. */
export const tenant = "00000000-0000-0000-0000-000000000001";

/** A schedule that was added some time ago. */
type Added = { readonly info: object; readonly minutesOld: number; readonly key?: string };

/** A database, and looks of one scheduler at it. */
export async function withLooks() {
  const database = await withDatabase();
  const { sql } = database;
  const lines: string[] = [];
  const log = createLog({
    level: "info",
    format: "text",
    write: (line) => lines.push(line),
    now: () => new Date(),
  });
  const schedules = createSchedules(sql, "app_jobs");
  const rests = createRests(() => 0);
  // The minute of the test, which may be over before it ends.
  const minute = new Date(Math.floor(Number(await schedules.now()) / 60_000) * 60_000);
  return {
    ...database,
    log,
    schedules,
    lines,
    minute,
    /** A rule that ticks in one minute of each hour, which was so many minutes ago. */
    hourly: (minutesAgo: number) => ({ rule: `${(minute.getUTCMinutes() + 60 - minutesAgo) % 60} * * * *` }),
    /** A rule that ticks each minute, the last time in the minute of the test. */
    untilNow: { rule: "* * * * *", end: minute.toISOString() },
    /** Adds a schedule as if it were so old and no scheduler had run since. */
    add: async ({ info, minutesOld, key }: Added): Promise<string> => {
      const scheduleInfo = JSON.stringify(info);
      const id = await schedules.add({ databaseId: tenant, task: "report", scheduleInfo, key });
      await sql`
        update app_jobs.scheduled_jobs
        set ticked_until = ${minute}::timestamptz - ${minutesOld} * interval '1 minute'
        where id = ${id}`;
      return id;
    },
    /** Looks until there is no more to do at once. */
    look: async () => {
      while ((await lookAtSchedules({ schedules, rests, log, patienceMs: 60_000 })).isMore);
    },
    /** How many minutes before that of the test each job's tick was, the earliest first. */
    minutesAgo: async (id: string): Promise<number[]> => {
      const rows = await sql<{ ago: number }[]>`
        select round(extract(epoch from ${minute}::timestamptz - scheduled_at) / 60)::int as ago
        from app_jobs.jobs
        where schedule_id = ${id}
        order by scheduled_at`;
      return rows.map((row) => row.ago);
    },
    row: async (id: string) => (await schedules.list(100)).find((row) => row.id === id),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}
