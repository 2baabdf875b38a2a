import { isTransient } from "#db/is-transient";
import type { DueSchedule, ScheduleRow, Schedules, TickResult, UnreadSchedule } from "#db/schedules";
import type { Log } from "../log/log.ts";
import { firstToRun, tickAfter } from "./missed.ts";
import { firstTick, nextTick } from "./next-tick.ts";
import { jitterOf } from "./policies.ts";
import type { Rests } from "./rests.ts";
import { parseSchedule, type Schedule } from "./rule.ts";

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

// Ticks of one schedule that are made up for in one look, so that it does not keep the others waiting.
const mostTicks = 20;

/**
 * Runs what is due and reads the rules that are new, one batch of each.
 *
 * Missed ticks go by the schedule's policy. A row that fails rests and is logged, the others go on.
 *
 * @throws what the database says when it is away; what this look did until then stands.
 */
export async function lookAtSchedules(options: LookOptions): Promise<Look> {
  const { schedules, rests } = options;
  const now = await schedules.now();
  const limits = { limit: batch, except: rests.ids() };
  let isBehind = false;
  const due = await schedules.due(now, limits);
  await forEach(due, (row) =>
    guarded(options, row, async () => {
      if (await runDue(options, row, now)) isBehind = true;
    }),
  );
  const unread = await schedules.unread(limits);
  await forEach(unread, (row) =>
    guarded(options, row, async () => {
      if (await readRule(options, row, now)) isBehind = true;
    }),
  );
  return { now, isMore: isBehind || due.length === batch || unread.length === batch };
}

/** Reads a rule and sets its first tick; true when that is due already, as where nobody read the rule for a while. */
async function readRule(options: LookOptions, row: UnreadSchedule, now: Date): Promise<boolean> {
  const { schedules, rests, log } = options;
  const first = firstTick(JSON.parse(row.scheduleInfo), row.tickedUntil);
  const fields = { scheduleId: row.id, task: row.task };
  if ("fault" in first) {
    const isOurs = await schedules.refuse(row, first.fault);
    if (isOurs) log.warn("schedule cannot be used", { ...fields, fault: first.fault });
  } else if (await schedules.plan(row, first.tick)) {
    log.info("schedule planned", { ...fields, firstTick: first.tick.toISOString() });
  }
  rests.succeed(row.id);
  return "tick" in first && first.tick <= now;
}

/** Runs the ticks of a schedule up to `now`, as its policy says; true when some are left for the next look. */
async function runDue(options: LookOptions, row: DueSchedule, now: Date): Promise<boolean> {
  const parsed = parseSchedule(JSON.parse(row.scheduleInfo));
  if ("fault" in parsed) throw new Error(`Cannot run the tick: its schedule ${parsed.fault}.`);
  const { schedule } = parsed;

  const first = firstToRun(schedule, { tick: row.tick, now });
  if (first === null || first > row.tick) {
    const next = first ?? tickAfter(schedule, { tick: row.tick, now });
    if (!(await passOver(options, { row, next }))) return false;
  }
  if (first === null) {
    options.rests.succeed(row.id);
    return false;
  }
  const present = first > row.tick ? { ...row, tick: first, tickText: first.toISOString() } : row;
  return runTicks(options, { present, schedule, now });
}

type Overdue = { readonly row: DueSchedule; readonly next: Date | null };

/** Passes over missed ticks up to `next`; false when another scheduler has moved them. */
async function passOver(options: LookOptions, { row, next }: Overdue): Promise<boolean> {
  const { schedules, rests, log } = options;
  if (!(await schedules.passOver(row, next))) {
    rests.pause(row.id);
    return false;
  }
  log.info("ticks missed and passed over", {
    scheduleId: row.id,
    task: row.task,
    firstMissed: row.tick.toISOString(),
    goesOnAt: next?.toISOString() ?? null,
  });
  return true;
}

type Ticks = { readonly present: DueSchedule; readonly schedule: Schedule; readonly now: Date };

/** Runs this tick and those that follow up to `now`; true when some are left. */
async function runTicks(options: LookOptions, { present, schedule, now }: Ticks): Promise<boolean> {
  const delaySeconds = jitterOf(present.id, schedule.policies.jitterSeconds);
  let { tick, tickText } = present;
  for (let count = 0; count < mostTicks; count++) {
    const following = nextTick(schedule, tick);
    const result = await options.schedules.runTick({ id: present.id, tickText, following, delaySeconds });
    if (result === "elsewhere") {
      options.rests.pause(present.id);
      return false;
    }
    options.rests.succeed(present.id);
    report(options.log, { row: present, tick, result, isLast: following === null });
    if (following === null || following > now) return false;
    tick = following;
    tickText = following.toISOString();
  }
  return true;
}

type Reported = {
  readonly row: DueSchedule;
  readonly tick: Date;
  readonly result: TickResult;
  readonly isLast: boolean;
};

function report(log: Log, { row, tick, result, isLast }: Reported): void {
  const fields = { scheduleId: row.id, task: row.task, tick: tick.toISOString() };
  if (result === "run") log.debug("tick run", fields);
  else if (result === "skipped") log.info("tick skipped: the previous job still waits or runs", fields);
  else log.warn("tick was settled before; it makes no second job", fields);
  if (isLast) log.info("schedule is over", fields);
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
