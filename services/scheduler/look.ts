import type { DueSchedule, Schedules, UnreadSchedule } from "#db/schedules";
import { guard } from "./guard.ts";
import { firstTick } from "./next-tick.ts";
import { type RunOptions, runDue } from "./run-due.ts";

/** What a look at the schedules needs. */
export type LookOptions = RunOptions & {
  readonly schedules: Pick<Schedules, "now" | "due" | "unread" | "plan" | "refuse">;
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

// Schedules that one lane takes at a time.
const groupSize = 25;

/**
 * Runs what is due and reads the rules that are new, one batch of each.
 *
 * A row that fails rests and is logged, the others go on.
 *
 * @throws what the database says when it is away; what this look did until then stands.
 */
export async function lookAtSchedules(options: LookOptions): Promise<Look> {
  const { schedules, rests } = options;
  const now = await schedules.now();
  const limits = { limit: batch, except: rests.ids() };
  let isBehind = false;
  const due = await schedules.due(now, limits);
  await forEach(groupsOf(due), async (rows) => {
    if (await runDue(options, rows, now)) isBehind = true;
  });
  const unread = await schedules.unread(limits);
  await forEach(unread, (row) =>
    guard(options, row, async () => {
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

/** Schedules that may share a transaction in groups that keep all lanes busy, the others one by one. */
function groupsOf(due: readonly DueSchedule[]): DueSchedule[][] {
  const alone = due.filter((row) => row.isAlone);
  const size = Math.min(groupSize, Math.max(1, Math.ceil(alone.length / lookWidth)));
  const groups = Array.from({ length: Math.ceil(alone.length / size) }, (_, index) =>
    alone.slice(index * size, (index + 1) * size),
  );
  return [...groups, ...due.filter((row) => !row.isAlone).map((row) => [row])];
}

/** Calls `act` for each, a few at a time, and throws the first failure when all have ended. */
async function forEach<Part>(parts: readonly Part[], act: (part: Part) => Promise<void>): Promise<void> {
  const left = parts.values();
  const lane = async () => {
    for (const part of left) await act(part);
  };
  const lanes = await Promise.allSettled(Array.from({ length: lookWidth }, lane));
  const failed = lanes.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
