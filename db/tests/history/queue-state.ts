/** A job as the model has it. Instants are numbers that only order: 0 to 9 long ago, then the steps, then far ahead. */
export type ModelJob = {
  readonly id: number;
  readonly tenant: string;
  key: string | null;
  queue: string | null;
  priority: number;
  runAt: number;
  attempts: number;
  maxAttempts: number;
  superseded: boolean;
  lease: {
    readonly token: string;
    readonly worker: string;
    run: string | null;
    isOver: boolean;
    isAccepted: boolean;
  } | null;
};

/** The queue as its documentation tells it, without concurrency. */
export type Model = {
  readonly jobs: Map<number, ModelJob>;
  readonly dead: Map<number, ModelJob>;
  now: number;
};
