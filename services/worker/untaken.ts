import type { Jobs } from "#db/jobs";
import type { Log } from "../log/log.ts";
import { type Repetition, startRepeating } from "./repeat.ts";

/** What looking for tasks that nobody takes needs. */
export type UntakenOptions = {
  readonly untakenTasks: Jobs["untakenTasks"];
  readonly everySeconds: number;
  readonly log: Log;
};

/** The watch over tasks that nobody takes. */
export type UntakenWatch = Repetition & {
  /** Says which due tasks no living worker takes, for readiness; null where each has one. */
  readonly note: () => string | null;
};

/**
 * Looks, every so often, whether jobs are due that no living worker takes: by a slip in JOBS_SUPPORTED, or since the worker that took
 * them has gone, they would wait for ever and nobody were told. The log says so once for each task, and when it is over.
 */
export function startUntakenWatch({ untakenTasks, everySeconds, log }: UntakenOptions): UntakenWatch {
  let known: readonly string[] = [];
  const options = {
    everyMs: everySeconds * 1000,
    log,
    failing: "cannot look for tasks that nobody takes",
  };
  const repetition = startRepeating(options, async () => {
    const found = await untakenTasks();
    for (const { task, due, since } of found)
      if (!known.includes(task))
        log.warn(
          "jobs are due that no living worker takes; start one that has their task in JOBS_SUPPORTED",
          {
            task,
            due: Number(due),
            since,
          },
        );
    const tasks = found.map(({ task }) => task);
    for (const task of known)
      if (!tasks.includes(task)) log.info("no job is due any more that nobody takes", { task });
    known = tasks;
  });
  return {
    stop: repetition.stop,
    note: () => (known.length === 0 ? null : `no living worker takes these due tasks: ${known.join(", ")}`),
  };
}
