import { isRowHeld, isTransient } from "#db/is-transient";
import type { DueSchedule, Schedules, TickResult, TickToRun } from "#db/schedules";
import type { Log } from "../log/log.ts";
import { factsOf, guard } from "./guard.ts";
import { firstToRun, tickAfter } from "./missed.ts";
import { nextTick } from "./next-tick.ts";
import { jitterOf } from "./policies.ts";
import type { Rests } from "./rests.ts";
import { parseSchedule } from "./rule.ts";

/** What running ticks needs. */
export type RunOptions = {
  readonly schedules: Pick<Schedules, "now" | "passOver" | "refuse" | "runTicks">;
  readonly rests: Rests;
  readonly log: Log;
};

// Ticks of one schedule that are made up for in one look at most, so that it does not keep the others waiting.
const mostTicks = 20;

/** When a look was, and how many ticks of each schedule it has room for. */
type Room = { readonly now: Date; readonly ticksEach: number };

// Ticks of one transaction: one commit for many, and still only some milliseconds until it comes, so that little is lost when
// a scheduler is killed (100 ticks that are due together: 37 ms, one by one 85 ms).
const mostTogether = 25;

/**
 * Runs the ticks of schedules that are due at `now`, many in one transaction; gives whether some are left for the next look.
 *
 * Missed ticks go by the schedule's policy. Where a transaction fails each schedule is tried alone, so that one that cannot
 * make its job, which rests then, costs the others nothing but time.
 *
 * @throws what the database says when it is away.
 */
export async function runDue(
  options: RunOptions,
  rows: readonly DueSchedule[],
  room: Room,
): Promise<boolean> {
  const runs: Run[] = [];
  for (const row of rows)
    await guard(options, row, async () => {
      const run = planRun(row, room);
      if ("fault" in run) await refuse(options, row, run.fault);
      else if (await passOver(options, run)) runs.push(run);
    });
  for (const together of transactionsOf(runs)) await runTogether(options, together);
  return runs.some((run) => run.isBehind);
}

async function runTogether(options: RunOptions, runs: readonly Run[]): Promise<void> {
  const [first, second] = runs;
  if (first !== undefined && second === undefined)
    return guard(options, first.row, () => runAll(options, runs));
  try {
    await runAll(options, runs);
  } catch (error) {
    if (isTransient(error) && !isRowHeld(error)) await options.schedules.now();
    // Side by side, as one may take long.
    const alone = runs.map((run) => guard(options, run.row, () => runAll(options, [run])));
    const failed = (await Promise.allSettled(alone)).find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }
}

function transactionsOf(runs: readonly Run[]): Run[][] {
  const transactions: Run[][] = [];
  let room = 0;
  for (const run of runs) {
    if (run.ticks.length > room) {
      transactions.push([]);
      room = mostTogether;
    }
    transactions.at(-1)?.push(run);
    room -= run.ticks.length;
  }
  return transactions;
}

/** What a look does with a schedule that is due. */
type Run = {
  readonly row: DueSchedule;
  /** Set where ticks are passed over: the tick to go on with, null where none is left. */
  readonly passOverTo?: Date | null;
  readonly ticks: readonly (TickToRun & { readonly tick: Date })[];
  /** Whether more ticks are due than these. */
  readonly isBehind: boolean;
};

function planRun(row: DueSchedule, { now, ticksEach }: Room): Run | { readonly fault: string } {
  if (row.scheduleInfo === null) return { fault: row.sizeFault ?? "" };
  const parsed = parseSchedule(row.scheduleInfo);
  if ("fault" in parsed) return parsed;
  const { schedule } = parsed;
  const first = firstToRun(schedule, { tick: row.tick, now });
  if (first === null)
    return { row, passOverTo: tickAfter(schedule, { tick: row.tick, now }), ticks: [], isBehind: false };

  const isMissed = first > row.tick;
  const delaySeconds = jitterOf(row.id, schedule.policies.jitterSeconds);
  const ticks = [];
  let present: Date | null = isMissed ? first : row.tick;
  let tickText = isMissed ? first.toISOString() : row.tickText;
  while (present !== null && present <= now && ticks.length < Math.min(mostTicks, ticksEach)) {
    const following = nextTick(schedule, present);
    ticks.push({ id: row.id, tick: present, tickText, following, delaySeconds });
    present = following;
    tickText = following?.toISOString() ?? "";
  }
  const isBehind = present !== null && present <= now;
  return { row, ticks, isBehind, ...(isMissed ? { passOverTo: first } : {}) };
}

/** Marks a schedule that was planned and cannot be read, as by hand, or by a system that knows more time zones. */
async function refuse({ schedules, rests, log }: RunOptions, row: DueSchedule, fault: string): Promise<void> {
  if (await schedules.refuse(row, fault)) log.warn("schedule cannot be used", { ...factsOf(row), fault });
  rests.succeed(row.id);
}

/** Passes over missed ticks where there are any; false when nothing is left to run, or another scheduler was first. */
async function passOver({ schedules, rests, log }: RunOptions, run: Run): Promise<boolean> {
  const { row, passOverTo, ticks } = run;
  if (passOverTo === undefined) return true;
  if (!(await schedules.passOver(row, passOverTo))) {
    rests.pause(row.id);
    return false;
  }
  log.info("ticks missed and passed over", {
    ...factsOf(row),
    firstMissed: row.tick.toISOString(),
    goesOnAt: passOverTo?.toISOString() ?? null,
  });
  if (ticks.length === 0) rests.succeed(row.id);
  return ticks.length > 0;
}

async function runAll({ schedules, rests, log }: RunOptions, runs: readonly Run[]): Promise<void> {
  const results = (await schedules.runTicks(runs.flatMap((run) => run.ticks))).values();
  for (const { row, ticks } of runs) {
    rests.succeed(row.id);
    for (const { tick, following } of ticks) {
      const result = results.next().value ?? "elsewhere";
      if (result === "elsewhere") rests.pause(row.id);
      else report(log, { row, tick, result, isLast: following === null });
    }
  }
}

type Reported = {
  readonly row: DueSchedule;
  readonly tick: Date;
  readonly result: TickResult;
  readonly isLast: boolean;
};

function report(log: Log, { row, tick, result, isLast }: Reported): void {
  const fields = { ...factsOf(row), tick: tick.toISOString() };
  if (result === "run") log.debug("tick run", fields);
  else if (result === "skipped") log.info("tick skipped: the previous job still waits or runs", fields);
  else log.warn("tick was settled before; it makes no second job", fields);
  if (isLast) log.info("schedule is over", fields);
}
