import { createCall } from "./call.ts";
import type { Queries } from "./open-pool.ts";

/** How the jobs of one task differ from the rest; null is the service's default. See db/migrations/0009_task_policies.sql. */
export type TaskPolicy = {
  readonly task: string;
  readonly timeoutSeconds: number | null;
  readonly maxAttempts: number | null;
  readonly backoffBaseSeconds: number | null;
  readonly backoffFactor: number | null;
  readonly backoffMaxSeconds: number | null;
  readonly callbackSeconds: number | null;
  readonly unreachableHours: number | null;
};

/** The policies of tasks as typed calls. */
export type TaskPolicies = ReturnType<typeof createTaskPolicies>;

const columns = `task_identifier as task, timeout_seconds as "timeoutSeconds", max_attempts as "maxAttempts",
  backoff_base_seconds as "backoffBaseSeconds", backoff_factor as "backoffFactor",
  backoff_max_seconds as "backoffMaxSeconds", callback_seconds as "callbackSeconds",
  unreachable_hours as "unreachableHours"`;

/** Gives the policies' SQL functions of one schema as typed calls over a pool. */
export function createTaskPolicies(queries: Queries, schema: string) {
  const call = createCall(queries, schema);
  return {
    /** Gives all policies, by task. */
    list: (): Promise<TaskPolicy[]> =>
      call(`select ${columns} from app_jobs.task_policies order by task`, []),

    /** Puts a policy in place of the task's, and gives it as it is now. */
    set: (policy: TaskPolicy): Promise<TaskPolicy[]> =>
      call(`select ${columns} from app_jobs.set_task_policy($1, $2, $3, $4, $5, $6, $7, $8)`, [
        policy.task,
        policy.timeoutSeconds,
        policy.maxAttempts,
        policy.backoffBaseSeconds,
        policy.backoffFactor,
        policy.backoffMaxSeconds,
        policy.callbackSeconds,
        policy.unreachableHours,
      ]),

    /** Removes policies, and gives those that there were. */
    remove: (tasks: readonly string[]): Promise<TaskPolicy[]> =>
      call(`select ${columns} from app_jobs.remove_task_policies($1::text[]) order by task`, [tasks]),
  };
}
