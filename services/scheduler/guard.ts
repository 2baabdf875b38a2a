import { isRowHeld, isTransient } from "#db/is-transient";
import type { ScheduleRow, Schedules } from "#db/schedules";
import type { Log } from "../log/log.ts";
import type { Rests } from "./rests.ts";

type GuardOptions = {
  readonly schedules: Pick<Schedules, "now">;
  readonly rests: Rests;
  readonly log: Log;
};

/** Gives what names a schedule in the log. */
export function factsOf(row: Pick<ScheduleRow, "id" | "databaseId" | "task">) {
  return { scheduleId: row.id, databaseId: row.databaseId, task: row.task };
}

/**
 * Calls `act`; where it fails for a reason of this schedule's own, the schedule rests and that is logged. A second is enough where an
 * open transaction holds its row, or the key of its job.
 *
 * What an error says of itself does not count: a trigger of an application raises what it likes, or takes until the server ends its
 * statement. While the database answers, the schedule is at fault.
 *
 * @throws what the database says when it is away.
 */
export async function guard(
  { schedules, rests, log }: GuardOptions,
  row: ScheduleRow,
  act: () => Promise<void>,
): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (isRowHeld(error)) {
      rests.pause(row.id);
      log.warn("schedule waits for a transaction that holds its row, or the key of its job", factsOf(row));
      return;
    }
    if (isTransient(error)) await schedules.now();
    const restSeconds = rests.fail(row.id);
    log.error("schedule fails; it rests", { ...factsOf(row), restSeconds, error });
  }
}
