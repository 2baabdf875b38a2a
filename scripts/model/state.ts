/** What an attempt may come to, as the worker settles it. */
export type Outcome = "complete" | "retry" | "dead" | "unreachable" | "accepted";

/** What a function may send to the callback server. */
export type Report = "complete" | "retry" | "dead" | "progress";

/** Why a dead job is dead; dead_jobs.reason. */
export type Reason = "out of attempts" | "failed for good" | "superseded" | "cancelled";

/** One run of a worker process, and its row in `workers`. A place for a run is used again once the row is gone. */
export type Run = {
  readonly process: "down" | "up" | "frozen";
  /** Whether the process believes that the run is its own and goes on. */
  readonly holds: boolean;
  readonly row: "none" | "kept" | "over";
};

/** A lease that a run's beats keep, or, once the function has answered 202, the clock: then `run` is null. */
export type Lease = { readonly run: number | null; readonly isOver: boolean };

/** A row of `jobs`. */
export type Row = {
  readonly attempts: number;
  /** Of the latest lease; null where that was taken away. */
  readonly token: number | null;
  readonly lease: Lease | null;
  readonly hasKey: boolean;
  readonly isSuperseded: boolean;
};

/** A row of `dead_jobs`. */
export type Letter = Omit<Row, "lease"> & { readonly reason: Reason };

/** A job, as the tables have it, and what the invariants need to know of its past. */
export type Job = {
  /** Absorbed: its key met a waiting job, which was replaced instead. */
  readonly enqueue: "pending" | "own" | "absorbed";
  readonly row: Row | null;
  readonly letter: Letter | null;
  /** How often it was completed or discarded. */
  readonly endings: number;
  /** Claims since the attempts were last set to 0 that failed or were lost. */
  readonly spent: number;
};

/** What is under way outside of the database because of one claim: at the worker, at the function and in between. */
export type Flight = {
  readonly job: number;
  readonly token: number;
  readonly run: number;
  /** What the worker has in hand: a job not yet sent, a request, an outcome to be written; none once that is over. */
  readonly hand: "unstarted" | "waiting" | Outcome | "none";
  /** The request: on its way, running, or running on with nobody waiting for a response. */
  readonly call: "none" | "travelling" | "running" | "working" | "ended";
  /** Callbacks in the network. */
  readonly sent: readonly Report[];
  /** Whether the execution began: the ledger that the function keeps outside of the database. */
  readonly wasRun: boolean;
  /** Whether a report under this token was taken. */
  readonly wasTaken: boolean;
};

/** Everything at one moment. Never changed in place. */
export type State = {
  readonly runs: readonly Run[];
  readonly jobs: readonly Job[];
  readonly flights: readonly Flight[];
  /** Later than every token so far. */
  readonly nextToken: number;
  /** Faults that may still happen, and calls that operators may still make. */
  readonly faults: number;
  readonly operations: number;
};

/** What is explored: so many runs, these jobs, and what may happen to them. */
export type Configuration = {
  readonly name: string;
  readonly runs: number;
  readonly jobs: readonly { readonly queue?: string; readonly key?: string }[];
  readonly maxAttempts: number;
  /** Crashes, freezes, lost answers, lost and repeated messages, altogether. */
  readonly faults: number;
  readonly operations: number;
  /** How functions answer. */
  readonly answers: readonly ("complete" | "retry" | "dead" | "accepted")[];
  /** What they send by callback. */
  readonly reports: readonly Report[];
  readonly operators: readonly ("cancel" | "retry" | "discard" | "drain")[];
};

/** Gives the state before anything was enqueued: every worker is up and registered. */
export function firstState({ runs, jobs, faults, operations }: Configuration): State {
  return {
    runs: Array.from({ length: runs }, () => ({ process: "up", holds: true, row: "kept" })),
    jobs: jobs.map(() => ({ enqueue: "pending", row: null, letter: null, endings: 0, spent: 0 })),
    flights: [],
    nextToken: 1,
    faults,
    operations,
  };
}
