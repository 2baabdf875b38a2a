import { isTransient } from "#db/is-transient";
import type { DueSchedule, ScheduleRow, Schedules } from "#db/schedules";
import type { Log } from "../log/log.ts";
import { firstTick, latestTick, nextTick } from "./next-tick.ts";
import type { Rests } from "./rests.ts";
import { parseSchedule } from "./rule.ts";

/** What a look at the schedules needs. */
export type LookOptions = {
  readonly schedules: Pick<Schedules, "now" | "due" | "unread" | "plan" | "refuse" | "passOver" | "runTick">;
  readonly rests: Rests;
  readonly log: Log;
};

/** What a look found. */
export type Look = {
  /** The database's time at its start: nothing that was due by then is left, unless there is more or it rests. */
  readonly now: Date;
  /** Whether one look could not take all. */
  readonly isMore: boolean;
};

// Rows of one query. A look holds nothing but these, so its memory does not grow with the number of schedules.
const batch = 200;

/** Statements in flight at a time; start-scheduler.ts opens as many connections. */
export const lookWidth = 4;

/**
 * Runs what is due and reads the rules that are new, one batch of each.
 *
 * Missed ticks count as one, the latest: its job is made, the others are passed over. A row that fails rests and is
 * logged, the others go on.
 *
 * @throws what the database says when it is away; what this look did until then stands.
 */
export async function lookAtSchedules(options: LookOptions): Promise<Look> {
  const { schedules, rests } = options;
  const now = await schedules.now();
  const limits = { limit: batch, except: rests.ids() };
  const due = await schedules.due(now, limits);
  await forEach(due, (row) => guarded(options, row, () => runDue(options, row, now)));
  const unread = await schedules.unread(limits);
  await forEach(unread, (row) => guarded(options, row, () => readRule(options, row, now)));
  return { now, isMore: due.length === batch || unread.length === batch };
}

async function readRule({ schedules, rests, log }: LookOptions, row: ScheduleRow, now: Date): Promise<void> {
  const first = firstTick(JSON.parse(row.scheduleInfo), now);
  const fields = { scheduleId: row.id, task: row.task };
  if ("fault" in first) {
    const isOurs = await schedules.refuse(row, first.fault);
    if (isOurs) log.warn("schedule cannot be used", { ...fields, fault: first.fault });
  } else if (await schedules.plan(row, first.tick)) {
    log.info("schedule planned", { ...fields, firstTick: first.tick.toISOString() });
  }
  rests.succeed(row.id);
}

async function runDue(options: LookOptions, row: DueSchedule, now: Date): Promise<void> {
  const { schedules, rests, log } = options;
  const parsed = parseSchedule(JSON.parse(row.scheduleInfo));
  if ("fault" in parsed) throw new Error(`Cannot run the tick: its schedule ${parsed.fault}.`);
  const { schedule } = parsed;

  const present = await passOverMissed(options, { row, latest: latestTick(schedule, now) });
  if (present === null) return rests.pause(row.id);
  const following = nextTick(schedule, present.tick > now ? present.tick : now);
  const result = await schedules.runTick(present, following);

  if (result === "elsewhere") return rests.pause(row.id);
  rests.succeed(row.id);
  const fields = { scheduleId: row.id, task: row.task, tick: present.tick.toISOString() };
  if (result === "run") log.debug("tick run", fields);
  else log.info("tick skipped: the previous job still waits or runs", fields);
  if (following === null) log.info("schedule is over", fields);
}

type Overdue = { readonly row: DueSchedule; readonly latest: Date | null };

/** Gives the tick to run: the row's own, or the latest of those missed; null when another scheduler has moved it. */
async function passOverMissed(
  { schedules, log }: LookOptions,
  { row, latest }: Overdue,
): Promise<DueSchedule | null> {
  if (latest === null || latest <= row.tick) return row;
  if (!(await schedules.passOver(row, latest))) return null;
  log.info("ticks missed; the latest is run", {
    scheduleId: row.id,
    task: row.task,
    firstMissed: row.tick.toISOString(),
    latest: latest.toISOString(),
  });
  return { ...row, tick: latest, tickText: latest.toISOString() };
}

async function guarded(
  { rests, log }: LookOptions,
  row: ScheduleRow,
  act: () => Promise<void>,
): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (isTransient(error)) throw error;
    const restSeconds = rests.fail(row.id);
    log.error("schedule fails; it rests", { scheduleId: row.id, task: row.task, restSeconds, error });
  }
}

/** Calls `act` for each row, a few at a time, and throws the first failure when all have ended. */
async function forEach<Row>(rows: readonly Row[], act: (row: Row) => Promise<void>): Promise<void> {
  const left = rows.values();
  const lane = async () => {
    for (const row of left) await act(row);
  };
  const lanes = await Promise.allSettled(Array.from({ length: lookWidth }, lane));
  const failed = lanes.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
