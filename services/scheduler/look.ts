import type { DueSchedule, Schedules, UnreadSchedule } from "#db/schedules";
import { factsOf, guard } from "./guard.ts";
import { firstTick } from "./next-tick.ts";
import { type RunOptions, runDue } from "./run-due.ts";

/** What a look at the schedules needs. */
export type LookOptions = RunOptions & {
  readonly schedules: Pick<Schedules, "now" | "due" | "unread" | "plan" | "refuse">;
  /** How long a look waits for a schedule before it goes on without it, in ms. */
  readonly patienceMs?: number;
};

/** What a look found. */
export type Look = {
  /** The database's time at its start: nothing that was due by then is left, unless there is more or it rests. */
  readonly now: Date;
  /** Whether one look could not take all. */
  readonly isMore: boolean;
};

// Rows of one query, from either end. A look holds nothing but these, so its memory does not grow with the number of schedules.
const batch = 100;

// Ticks of one look, where many schedules have some to make up for: those that came meanwhile wait for no more.
const mostTicks = 500;

// Long for a commit, short for a tick.
const patienceMs = 1_000;

/** Groups of schedules that a look takes at a time; start-scheduler.ts opens as many connections. */
export const lookWidth = 4;

/** Connections that are left for those which the look goes on without. */
export const leftBehind = 4;

// Schedules that one lane takes at a time.
const groupSize = 25;

/**
 * Runs what is due and reads the rules that are new, one batch of each.
 *
 * A row that fails rests and is logged, the others go on. One that takes long is left behind: it rests until it is through, and goes
 * alone from then on, as do those that shared its transaction until each has shown that it was not the one.
 *
 * @throws what the database says when it is away; what this look did until then stands.
 */
export async function lookAtSchedules(options: LookOptions): Promise<Look> {
  const { schedules, rests } = options;
  const now = await schedules.now();
  const limits = { limit: batch, except: rests.ids() };
  let isBehind = false;
  const due = await schedules.due(now, limits);
  const ticksEach = Math.max(1, Math.floor(mostTicks / Math.max(1, due.length)));
  await forEach(options, groupsOf(due, rests), async (rows) => {
    if (await runDue(options, rows, { now, ticksEach })) isBehind = true;
  });
  const unread = await schedules.unread(limits);
  await forEach(
    options,
    unread.map((row) => [row]),
    async ([row]) => {
      if (row === undefined) return;
      await guard(options, row, async () => {
        if (await readRule(options, row, now)) isBehind = true;
      });
    },
  );
  return { now, isMore: isBehind || due.length >= batch || unread.length >= batch };
}

/** Reads a rule and sets its first tick; true when that is due already, as where nobody read the rule for a while. */
async function readRule(options: LookOptions, row: UnreadSchedule, now: Date): Promise<boolean> {
  const { schedules, rests, log } = options;
  const first =
    row.scheduleInfo === null ? { fault: row.sizeFault ?? "" } : firstTick(row.scheduleInfo, row.tickedUntil);
  if ("fault" in first) {
    const isOurs = await schedules.refuse(row, first.fault);
    if (isOurs) log.warn("schedule cannot be used", { ...factsOf(row), fault: first.fault });
  } else if (await schedules.plan(row, first.tick)) {
    log.info("schedule planned", { ...factsOf(row), firstTick: first.tick.toISOString() });
  }
  rests.succeed(row.id);
  return "tick" in first && first.tick <= now;
}

/** Schedules that may share a transaction in groups that keep all lanes busy, the others one by one. */
function groupsOf(due: readonly DueSchedule[], rests: LookOptions["rests"]): DueSchedule[][] {
  const isFree = (row: DueSchedule) => row.isAlone && !rests.isDoubted(row.id);
  const free = due.filter(isFree);
  const size = Math.min(groupSize, Math.max(1, Math.ceil(free.length / lookWidth)));
  const groups = Array.from({ length: Math.ceil(free.length / size) }, (_, index) =>
    free.slice(index * size, (index + 1) * size),
  );
  return [...groups, ...due.filter((row) => !isFree(row)).map((row) => [row])];
}

/**
 * Calls `act` for each group, a few at a time, and throws the first failure when all have ended or are left behind. There are never more
 * left behind than have connections of their own.
 */
async function forEach<Row extends { readonly id: string }>(
  { rests, patienceMs: ms = patienceMs }: LookOptions,
  groups: readonly (readonly Row[])[],
  act: (rows: readonly Row[]) => Promise<void>,
): Promise<void> {
  const left = groups.values();
  const lane = async () => {
    for (const rows of left) {
      const ids = rows.map(({ id }) => id);
      const acting = act(rows);
      if (await isOverWithin(acting, ms)) rests.trust(ids);
      else await rests.leave(ids, { acting, most: leftBehind });
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: lookWidth }, lane));
  const failed = lanes.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

async function isOverWithin(acting: Promise<void>, ms: number): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(late.resolve, ms, false);
  try {
    return await Promise.race([acting.then(() => true), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
