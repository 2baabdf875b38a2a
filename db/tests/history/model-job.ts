import { type AttemptRecord, recordAttempt } from "./attempt-records.ts";
import type { Step } from "./steps.ts";

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
  /** Whether it ends before its attempts are used up: failed for good, cancelled, or by an operator. */
  isEnded: boolean;
  /** What job_attempts has of it. */
  attemptRecords: readonly AttemptRecord[];
  lease: {
    readonly token: string;
    readonly worker: string;
    run: string | null;
    isOver: boolean;
    isAccepted: boolean;
  } | null;
  /** The token of a last attempt that failed without an answer, until something takes it away: a late success may still end the job. */
  unansweredToken: string | null;
};

/** The queue as its documentation tells it, without concurrency. */
export type Model = {
  readonly jobs: Map<number, ModelJob>;
  readonly dead: Map<number, ModelJob>;
  now: number;
};

/** Records the end of a job's running attempt, or an operator's end of the job. */
export function record(job: ModelJob, outcome: string): void {
  const next = { jobId: job.id, attempt: job.attempts, outcome };
  job.attemptRecords = recordAttempt(job.attemptRecords, next);
}

/** Records that a job's lease, if it has one, ended without an outcome. */
export function recordLost(job: ModelJob): void {
  if (job.lease !== null) record(job, job.lease.isAccepted ? "overdue" : "lost");
}

/** Later than every step: what waits for backoff, or was put off, is not due within a test. */
export const farAhead = 1_000_000;

/** Gives when a step wants its job to run. */
export const runAtOf = ({ due, pick: number }: Step, now: number) =>
  due === "now" ? now : (number % 7) + (due === "past" ? 0 : farAhead);

/** Ends a lease: back to waiting or, out of attempts, dead. */
export function free(job: ModelJob, change: Partial<ModelJob> = {}): void {
  Object.assign(job, { lease: null, unansweredToken: null }, change);
}
