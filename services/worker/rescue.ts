import type { Jobs } from "#db/jobs";
import type { Loop } from "../health/loops.ts";
import type { Log } from "../log/log.ts";
import { type Repetition, startRepeating } from "./repeat.ts";

/** What the rescuer needs. */
export type RescueOptions = {
  readonly jobs: Pick<Jobs, "rescueJobs">;
  readonly everySeconds: number;
  /** Called when jobs were taken back and may be claimed. */
  readonly onRescued: () => void;
  readonly loop: Loop;
  readonly log: Log;
};

/**
 * Takes back, every few seconds, the jobs of workers that died and of functions that never called back.
 *
 * Every worker does this; they do not get in each other's way, and none has to be alive in particular.
 */
export function startRescue({ jobs, everySeconds, onRescued, loop, log }: RescueOptions): Repetition {
  const options = { everyMs: everySeconds * 1000, loop, log, failing: "cannot look for lost jobs" };
  return startRepeating(options, async () => {
    const rescued = await jobs.rescueJobs();
    for (const { id, databaseId, task, attempts, reason } of rescued)
      log.warn("job taken back", { jobId: id, databaseId, task, attempt: attempts, reason });
    if (rescued.length > 0) onRescued();
  });
}
