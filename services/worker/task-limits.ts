import type { WorkerOrders } from "#db/worker-runs";

/** What a task's requests are bound by. */
export type Limits = {
  readonly timeoutSeconds: number;
  /** Attempts that the task is granted, where its job has not fewer; Infinity for any number. */
  readonly maxAttempts: number;
};

/** The limits of each task, as the database last told them. */
export type TaskLimits = {
  readonly of: (task: string) => Limits;
  /** Puts these policies in place of those before. */
  readonly replace: (policies: WorkerOrders["policies"]) => void;
};

/** Gives the limits of tasks: at first, and where no policy says otherwise, this timeout and any number of attempts. */
export function createTaskLimits(timeoutSeconds: number): TaskLimits {
  const defaults: Limits = { timeoutSeconds, maxAttempts: Number.POSITIVE_INFINITY };
  let byTask: ReadonlyMap<string, Limits> = new Map();
  return {
    of: (task) => byTask.get(task) ?? defaults,
    replace: (policies) => {
      byTask = new Map(
        policies.map((policy) => [
          policy.task,
          {
            timeoutSeconds: policy.timeoutSeconds ?? defaults.timeoutSeconds,
            maxAttempts: policy.maxAttempts ?? defaults.maxAttempts,
          },
        ]),
      );
    },
  };
}
