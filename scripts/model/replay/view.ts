import type { Job, Reason, Run, State } from "../state.ts";

/** What the tables show of a job. */
export type JobView = {
  readonly place: "nowhere" | "jobs" | "dead_jobs";
  readonly attempts: number;
  readonly token: number | null;
  /** Whose the lease is: a run's, the clock's, or nobody's. */
  readonly lease: number | "clock" | null;
  readonly isOver: boolean;
  readonly hasKey: boolean;
  readonly isSuperseded: boolean;
  readonly reason: Reason | null;
};

/** What the tables show of everything. */
export type View = { readonly jobs: readonly JobView[]; readonly runs: readonly Run["row"][] };

/** What they show of a job that is in neither. */
export const nowhere: JobView = {
  place: "nowhere",
  attempts: 0,
  token: null,
  lease: null,
  isOver: false,
  hasKey: false,
  isSuperseded: false,
  reason: null,
};

/** Gives what the tables would show if the model's state were theirs. */
export function viewOf({ jobs, runs }: State): View {
  return { jobs: jobs.map(jobView), runs: runs.map(({ row }) => row) };
}

function jobView({ row, letter }: Job): JobView {
  const kept = row ?? letter;
  if (kept === null) return nowhere;
  const lease = row?.lease ?? null;
  return {
    place: row === null ? "dead_jobs" : "jobs",
    attempts: kept.attempts,
    token: kept.token,
    lease: lease === null ? null : (lease.run ?? "clock"),
    isOver: lease?.run === null && lease.isOver,
    hasKey: kept.hasKey,
    isSuperseded: kept.isSuperseded,
    reason: letter?.reason ?? null,
  };
}
