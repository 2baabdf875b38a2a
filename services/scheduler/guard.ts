import { isRowHeld, isTransient } from "#db/is-transient";
import type { ScheduleRow } from "#db/schedules";
import type { Log } from "../log/log.ts";
import type { Rests } from "./rests.ts";

type GuardOptions = { readonly rests: Rests; readonly log: Log };

/**
 * Calls `act`; where it fails for a reason of this schedule's own, the schedule rests and that is logged. A second is enough where an
 * open transaction holds its row, or the key of its job.
 *
 * @throws what the database says when it is away.
 */
export async function guard(
  { rests, log }: GuardOptions,
  row: ScheduleRow,
  act: () => Promise<void>,
): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (isRowHeld(error)) {
      rests.pause(row.id);
      log.warn("schedule waits for a transaction that holds its row, or the key of its job", {
        scheduleId: row.id,
        task: row.task,
      });
      return;
    }
    if (isTransient(error)) throw error;
    const restSeconds = rests.fail(row.id);
    log.error("schedule fails; it rests", { scheduleId: row.id, task: row.task, restSeconds, error });
  }
}
