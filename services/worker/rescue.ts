import type { Jobs } from "#db/jobs";
import type { Log } from "../log/log.ts";
import { type Repetition, startRepeating } from "./repeat.ts";

/** What the rescuer needs. */
export type RescueOptions = {
  readonly jobs: Pick<Jobs, "rescueJobs">;
  readonly everySeconds: number;
  /** Called when jobs were taken back and may be claimed. */
  readonly onRescued: () => void;
  readonly log: Log;
};

/**
 * Takes back, every few seconds, the jobs of workers that died and of functions that never called back.
 *
 * Every worker does this; they do not get in each other's way, and none has to be alive in particular.
 */
export function startRescue({ jobs, everySeconds, onRescued, log }: RescueOptions): Repetition {
  return startRepeating(everySeconds * 1000, async () => {
    try {
      const rescued = await jobs.rescueJobs();
      for (const { id, task, attempts, reason } of rescued)
        log.warn("job taken back", { jobId: id, task, attempt: attempts, reason });
      if (rescued.length > 0) onRescued();
    } catch (error) {
      log.warn("cannot look for lost jobs", { error });
    }
  });
}
