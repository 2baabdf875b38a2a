import type { Jobs } from "#db/jobs";
import type { Loop } from "../health/loops.ts";
import type { Log } from "../log/log.ts";
import { type Repetition, startRepeating } from "./repeat.ts";

/** What the repair needs. */
export type RepairOptions = {
  readonly jobs: Pick<Jobs, "repair">;
  /** Called when something was mended, as jobs may be claimed that nothing told of. */
  readonly onRepaired: () => void;
  readonly loop: Loop;
  readonly log: Log;
};

/** What comes apart does so by a hand or a restore, which is seldom; found within minutes. */
const everyMs = 120_000;

/**
 * Has the database find and mend, now and every two minutes, what does not agree with jobs (db/migrations/0036_repair.sql), and says
 * what it found.
 *
 * Every worker does this; of several at once all but one find nothing to do.
 */
export function startRepair({ jobs, onRepaired, loop, log }: RepairOptions): Repetition {
  return startRepeating({ everyMs, loop, log, failing: "cannot look for what needs repair" }, async () => {
    const found = await jobs.repair();
    for (const { check, repaired, fault } of found) {
      if (repaired > 0) log.warn("state repaired", { check, repaired });
      if (fault !== null) log.error("state cannot be repaired", { check, fault });
    }
    if (found.some(({ repaired }) => repaired > 0)) onRepaired();
  });
}
