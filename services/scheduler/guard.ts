import { isTransient } from "#db/is-transient";
import type { ScheduleRow } from "#db/schedules";
import type { Log } from "../log/log.ts";
import type { Rests } from "./rests.ts";

type GuardOptions = { readonly rests: Rests; readonly log: Log };

/**
 * Calls `act`; where it fails for a reason of this schedule's own, the schedule rests and that is logged.
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
    if (isTransient(error)) throw error;
    const restSeconds = rests.fail(row.id);
    log.error("schedule fails; it rests", { scheduleId: row.id, task: row.task, restSeconds, error });
  }
}
