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

/** So many failures in a row are no mishap. */
const failuresToTell = 5;

/** A rescue that goes on. */
export type Rescue = Repetition & {
  /** Why lost jobs are not taken back, where that has failed again and again, or null. */
  readonly fault: () => string | null;
};

/**
 * Takes back, every few seconds, the jobs of workers that died and of functions that never called back.
 *
 * Every worker does this; they do not get in each other's way, and none has to be alive in particular.
 */
export function startRescue({ jobs, everySeconds, onRescued, log }: RescueOptions): Rescue {
  let failures = 0;
  const repetition = startRepeating(everySeconds * 1000, async () => {
    try {
      const rescued = await jobs.rescueJobs();
      failures = 0;
      for (const { id, task, attempts, reason } of rescued)
        log.warn("job taken back", { jobId: id, task, attempt: attempts, reason });
      if (rescued.length > 0) onRescued();
    } catch (error) {
      failures += 1;
      log.warn("cannot look for lost jobs", { error, failures });
    }
  });
  return {
    ...repetition,
    fault: () => (failures < failuresToTell ? null : "cannot take lost jobs back"),
  };
}
