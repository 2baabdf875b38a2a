import type { Jobs } from "#db/jobs";
import type { Loop } from "../health/loops.ts";
import type { Log } from "../log/log.ts";
import { type Repetition, startRepeating } from "./repeat.ts";

/** What tidying needs. */
export type TidyOptions = {
  readonly jobs: Pick<Jobs, "tidyCompleted">;
  readonly loop: Loop;
  readonly log: Log;
};

/** The database drops and makes partitions a day ahead, so that some ten minutes more or less do not matter. */
const everyMs = 600_000;

/**
 * Makes room for tomorrow's completed jobs and drops those whose time is over, now and every ten minutes.
 *
 * Every worker does this; they do not get in each other's way. It goes on where none are kept any more, for those that were.
 */
export function startTidying({ jobs, loop, log }: TidyOptions): Repetition {
  const failing = "cannot tidy the completed jobs; trying again";
  return startRepeating({ everyMs, loop, log, failing }, async () => {
    const dropped = await jobs.tidyCompleted();
    if (dropped > 0) log.info("completed jobs cleared", { days: dropped });
  });
}
