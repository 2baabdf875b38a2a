import type { Call } from "./call.ts";
import type { Lease } from "./jobs.ts";

/** What a worker is to know with each beat. */
export type WorkerOrders = {
  /** Leases of its run whose job was cancelled, of late. */
  readonly cancelled: readonly Lease[];
  /** The tasks whose requests differ from the rest; null for what is as everywhere. */
  readonly policies: readonly {
    readonly task: string;
    readonly timeoutSeconds: number | null;
    readonly maxAttempts: number | null;
  }[];
};

/** A task of which jobs are due and that no living worker takes. */
export type UntakenTask = {
  readonly task: string;
  /** How many jobs, counted up to 10,000; a 64-bit number, kept as text. */
  readonly due: string;
  /** In ISO 8601, or -infinity. */
  readonly since: string;
};

/** Gives the calls by which a worker process keeps the lease of its jobs, over one schema's `call`. */
export function workerRuns(call: Call) {
  let straysCalls = 0;
  return {
    /** Makes a new worker run known. */
    registerWorker: async (worker: {
      run: string;
      workerId: string;
      leaseSeconds: number;
      /** The tasks that it takes; null for all. */
      tasks?: readonly string[] | null;
    }): Promise<void> => {
      await call("select app_jobs.register_worker($1, $2, $3, $4::text[])", [
        worker.run,
        worker.workerId,
        worker.leaseSeconds,
        worker.tasks ?? null,
      ]);
    },

    /**
     * Renews a run's lease and gives what it is to know; null when the lease had ended. Waits `limitMs` for the answer, where that
     * is less than for others.
     */
    beatWorker: async (run: string, limitMs?: number): Promise<WorkerOrders | null> => {
      const rows = await call<{ alive: boolean; orders: WorkerOrders }>(
        "select app_jobs.beat_worker($1) as alive, app_jobs.worker_orders($1) as orders",
        [run],
        limitMs,
      );
      return rows[0]?.alive ? rows[0].orders : null;
    },

    /** Asks for notifications for so many seconds from now on, or for none from now on. */
    restWorker: async (run: string, seconds: number | null): Promise<void> => {
      await call("select app_jobs.rest_worker($1, $2)", [run, seconds]);
    },

    /** Notifies workers that sleep, as something may be due that nobody else tells of. */
    wakeWorkers: async (): Promise<void> => {
      await call("select app_jobs.wake_workers('-infinity')", []);
    },

    /** Ends a run and gives its jobs back with their attempts; gives their number. */
    releaseWorker: async (run: string): Promise<number> =>
      (await call("select app_jobs.release_worker($1)", [run])).length,

    /** Gives back what a run has claimed without knowing, all but these ids; gives their number. Does nothing where it arrives late. */
    releaseStrays: async (run: string, known: readonly string[]): Promise<number> => {
      straysCalls += 1;
      return (await call("select app_jobs.release_strays($1, $2::bigint[], $3)", [run, known, straysCalls]))
        .length;
    },

    /** Gives the tasks of which jobs are due and that no living worker takes. */
    untakenTasks: () =>
      call<UntakenTask>(
        "select task, due, to_json(since) #>> '{}' as since from app_jobs.untaken_tasks()",
        [],
      ),

    /** Takes back jobs whose lease has ended; gives what became of them, without payloads. */
    rescueJobs: () =>
      call<{ id: string; databaseId: string; task: string; attempts: number; reason: string }>(
        `select r.id, r.database_id as "databaseId", r.task_identifier as task, r.attempts, r.last_error as reason
         from app_jobs.rescue_jobs() as r`,
        [],
      ),
  };
}
