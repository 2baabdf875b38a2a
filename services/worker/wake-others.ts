import type { Jobs } from "#db/jobs";
import type { Log } from "../log/log.ts";

/**
 * Gives a function that wakes the workers which sleep: this one takes some tasks alone, or no more, and what is due next may be
 * another's. Asked again while the database is told, it tells it once more, however often that was. What fails is left to their polls.
 */
export function createWakeOthers(jobs: Pick<Jobs, "wakeWorkers">, log: Log): () => void {
  let isTelling = false;
  let isAsked = false;
  const tell = async () => {
    isTelling = true;
    while (isAsked) {
      isAsked = false;
      await jobs.wakeWorkers().catch((error: unknown) => log.debug("cannot wake other workers", { error }));
    }
    isTelling = false;
  };
  return () => {
    isAsked = true;
    if (!isTelling) void tell();
  };
}
