import { type Call, createCall } from "./call.ts";
import { onlyRow } from "./connect.ts";
import type { Queries } from "./open-pool.ts";

/** A schedule whose rule has to be read, or whose tick is due. */
export type ScheduleRow = {
  /** A 64-bit number, kept as text. */
  readonly id: string;
  readonly databaseId: string;
  readonly task: string;
  /** JSON, byte for byte as stored; null where it is too long to be read. */
  readonly scheduleInfo: string | null;
  /** Why it is not read. */
  readonly sizeFault: string | null;
};

/** A schedule whose rule nobody has read yet. */
export type UnreadSchedule = ScheduleRow & {
  /** Its ticks count from after this instant. */
  readonly tickedUntil: Date;
};

/** A schedule whose tick is due. */
export type DueSchedule = ScheduleRow & {
  readonly tick: Date;
  /** The same instant to the microsecond, as the database wants it back. */
  readonly tickText: string;
  /** Whether its job may be made in one transaction with others: it has neither a queue nor a key, so waits for nobody. */
  readonly isAlone: boolean;
};

/** A schedule as a person lists it; without its payload. */
export type ListedSchedule = ScheduleRow & {
  readonly key: string | null;
  readonly queueName: string | null;
  /** null: not read yet, or not readable (see error), or no tick is left (see isOver). */
  readonly nextTick: Date | null;
  readonly isOver: boolean;
  readonly lastScheduled: Date | null;
  readonly lastScheduledId: string | null;
  readonly skippedTicks: string;
  readonly pausedAt: Date | null;
  readonly error: string | null;
};

/** A schedule to add; what is not given takes add_scheduled_job's default. */
type NewSchedule = {
  readonly databaseId: string;
  readonly task: string;
  /** JSON. */
  readonly scheduleInfo: string;
  /** JSON. */
  readonly payload?: string | undefined;
  readonly key?: string | undefined;
  readonly queueName?: string | undefined;
  readonly maxAttempts?: number | undefined;
  readonly priority?: number | undefined;
};

/** How much one look takes from either end, and which ids it leaves out. */
type LookOptions = { readonly limit: number; readonly except: readonly string[] };

/** A tick to run: what next_tick has to be for it, which tick follows (null: none is left), and how late its job may start. */
export type TickToRun = Pick<DueSchedule, "id" | "tickText"> & {
  readonly following: Date | null;
  readonly delaySeconds: number;
};

/**
 * What became of a tick: it made a job; it was skipped while the previous job lasts; it was settled before and makes no second
 * job; or it was not ours to run.
 */
export type TickResult = "run" | "skipped" | "repeated" | "elsewhere";

/** The schedules of the database as typed calls, each one statement and safe to repeat; only add is not, without a key. */
export type Schedules = ReturnType<typeof createSchedules>;

/** Gives the schedules of one schema as typed calls over a pool. */
export function createSchedules(queries: Queries, schema: string) {
  const call = createCall(queries, schema);
  return { ...looks(call), ...ticks(call), ...edits(call) };
}

// A claim by get_scheduled_job keeps everyone else off for an hour.
const unclaimed = "(locked_at is null or locked_at < now() - interval '1 hour')";

const isUnread = "next_tick is null and schedule_error is null";
const isDue = `next_tick <= $1 and paused_at is null and ${unclaimed}`;

const rowColumns = `id, database_id as "databaseId", task_identifier as task, size.fault as "sizeFault",
  case when size.fault is null then schedule_info::text end as "scheduleInfo"`;

// Of a text that is too long nothing comes over the network, and it is asked for its length once.
const rows =
  "app_jobs.scheduled_jobs cross join lateral (select app_jobs.schedule_fault(schedule_info) as fault offset 0) as size";

function looks(call: Call) {
  return {
    /** Gives the database's time, by which all schedules go; its fraction of a millisecond is cut off. */
    now: async (): Promise<Date> => onlyRow(await call<{ now: Date }>("select now() as now", [])).now,

    /**
     * Gives schedules whose rule nobody has read yet: up to `limit` of the oldest, and as many of the newest. One that is new waits for
     * none of those that somebody added in a heap before it.
     */
    unread: ({ limit, except }: LookOptions): Promise<UnreadSchedule[]> =>
      call<UnreadSchedule>(
        `select ${rowColumns}, ticked_until as "tickedUntil"
         from ${rows}
         where id in (
           (select id from app_jobs.scheduled_jobs where ${isUnread} and id <> all ($1::bigint[]) order by id limit $2)
           union
           (select id from app_jobs.scheduled_jobs where ${isUnread} and id <> all ($1::bigint[]) order by id desc limit $2)
         ) and ${isUnread}
         order by id`,
        [except, limit],
      ),

    /**
     * Gives schedules that are due at `now`, the most overdue first: up to `limit` of those, and as many of the least overdue. One whose
     * tick has just come waits for none of those that have many to make up for.
     */
    due: (now: Date, { limit, except }: LookOptions): Promise<DueSchedule[]> =>
      call<DueSchedule>(
        `select ${rowColumns}, next_tick as tick, to_json(next_tick) #>> '{}' as "tickText",
           queue_name is null and key is null as "isAlone"
         from ${rows}
         where id in (
           (select id from app_jobs.scheduled_jobs where ${isDue} and id <> all ($2::bigint[]) order by next_tick, id limit $3)
           union
           (select id from app_jobs.scheduled_jobs where ${isDue} and id <> all ($2::bigint[]) order by next_tick desc, id desc limit $3)
         ) and ${isDue}
         order by next_tick, id`,
        [now, except, limit],
      ),

    /** Gives the seconds until the first tick after `now`, zero or less when it is due by now; null when there is none. */
    secondsToNext: async (now: Date): Promise<number | null> => {
      const rows = await call<{ seconds: number | null }>(
        `select extract(epoch from min(next_tick) - now())::double precision as seconds
         from app_jobs.scheduled_jobs
         where next_tick > $1 and next_tick < 'infinity' and paused_at is null`,
        [now],
      );
      return onlyRow(rows).seconds;
    },
  };
}

function ticks(call: Call) {
  const plan = async (row: ScheduleRow, first: Date | null, fault: string | null): Promise<boolean> => {
    const text = "select app_jobs.plan_schedule($1, $2::text::json, $3, $4) as planned";
    return onlyRow(await call<{ planned: boolean }>(text, [row.id, row.scheduleInfo, first, fault])).planned;
  };
  return {
    /** Sets the first tick of a schedule; false when another scheduler was first, or the rule has changed. */
    plan: (row: ScheduleRow, firstTick: Date): Promise<boolean> => plan(row, firstTick, null),

    /** Marks a schedule with the reason why its rule cannot be used; false as with plan. */
    refuse: (row: ScheduleRow, fault: string): Promise<boolean> => plan(row, null, fault),

    /** Settles a due tick and those after it, up to `next` (null: none is left), without a job; false when it has gone. */
    passOver: async (row: Pick<DueSchedule, "id" | "tickText">, next: Date | null): Promise<boolean> => {
      const text = "select app_jobs.pass_over_ticks($1, $2::text::timestamptz, $3) as moved";
      return onlyRow(await call<{ moved: boolean }>(text, [row.id, row.tickText, next])).moved;
    },

    /** Makes the jobs of ticks and sets the following ones, all or none; gives what became of each, in the same order. */
    runTicks: async (run: readonly TickToRun[]): Promise<TickResult[]> => {
      const text = `select array_to_json(app_jobs.run_scheduled_ticks($1::bigint[], $2::text[]::timestamptz[], $3::text[]::timestamptz[],
        $4::double precision[])) as results`;
      const rows = await call<{ results: TickResult[] }>(text, [
        run.map(({ id }) => id),
        run.map(({ tickText }) => tickText),
        run.map(({ following }) => following?.toISOString() ?? null),
        run.map(({ delaySeconds }) => delaySeconds),
      ]);
      return onlyRow(rows).results;
    },
  };
}

function edits(call: Call) {
  const idsOf = async (text: string, ids: readonly string[] | null): Promise<string[]> =>
    (await call<{ id: string }>(text, [ids])).map((row) => row.id);
  return {
    /** Adds a schedule, or replaces the one with its key; gives its id. */
    add: async (added: NewSchedule): Promise<string> => {
      const rows = await call<{ id: string }>(
        `select id
         from app_jobs.add_scheduled_job($1, $2, $3::text::json, $4::text::json, $5, $6, $7, $8)`,
        [
          added.databaseId,
          added.task,
          added.payload ?? null,
          added.scheduleInfo,
          added.key ?? null,
          added.queueName ?? null,
          added.maxAttempts ?? null,
          added.priority ?? null,
        ],
      );
      return onlyRow(rows).id;
    },

    /** Gives the newest `limit` schedules, newest first. */
    list: (limit: number): Promise<ListedSchedule[]> =>
      call<ListedSchedule>(
        `select ${rowColumns}, key, queue_name as "queueName",
           nullif(next_tick, 'infinity') as "nextTick", coalesce(next_tick = 'infinity', false) as "isOver",
           last_scheduled as "lastScheduled", last_scheduled_id as "lastScheduledId",
           skipped_ticks as "skippedTicks", paused_at as "pausedAt", schedule_error as error
         from ${rows}
         order by id desc
         limit $1`,
        [limit],
      ),

    /** Removes schedules for good and gives the ids of those that were there. Their jobs stay. */
    remove: (ids: readonly string[]): Promise<string[]> =>
      idsOf("delete from app_jobs.scheduled_jobs where id = any ($1::bigint[]) returning id", ids),

    /** Pauses these schedules, or all (null), and gives the ids of those that were not paused. */
    pause: (ids: readonly string[] | null): Promise<string[]> =>
      idsOf("select id from app_jobs.pause_scheduled_jobs($1::bigint[]) order by id", ids),

    /** Resumes these schedules, or all (null), and gives the ids of those that were paused. */
    resume: (ids: readonly string[] | null): Promise<string[]> =>
      idsOf("select id from app_jobs.resume_scheduled_jobs($1::bigint[]) order by id", ids),
  };
}
