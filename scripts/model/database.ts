import type { Freed, Rules } from "./rules.ts";
import type { Configuration, Flight, Job, Outcome, Report, Row, State } from "./state.ts";

/** A configuration under the rules of the database, or under a mutation of them. */
export type Model = { readonly configuration: Configuration; readonly rules: Rules };

/** What the database answers to a callback. */
export type Told = "taken" | "repeated" | "passed on";

/** Gives the state with one job changed. */
export function withJob(state: State, index: number, change: Partial<Job>): State {
  const job = state.jobs[index];
  return job === undefined ? state : { ...state, jobs: state.jobs.with(index, { ...job, ...change }) };
}

function bury(state: State, index: number, given: { model: Model; freed: Freed }): State {
  const { rules, configuration } = given.model;
  return withJob(state, index, rules.buried(given.freed, configuration));
}

/** add_job, with the key of the configuration's job where it has one. */
export function enqueue(state: State, index: number, { configuration, rules }: Model): State {
  const { key } = configuration.jobs[index] ?? {};
  const holder = state.jobs.findIndex(
    ({ row }, n) => key !== undefined && row?.hasKey && configuration.jobs[n]?.key === key,
  );
  const row = state.jobs[holder]?.row;
  if (row && row.lease === null) {
    const replaced = withJob(state, holder, { row: rules.enqueued(true), spent: 0 });
    return withJob(replaced, index, { enqueue: "absorbed" });
  }
  const freed = row ? withJob(state, holder, { row: rules.superseded(row) }) : state;
  return withJob(freed, index, { enqueue: "own", row: rules.enqueued(key !== undefined) });
}

/** Whether get_jobs may take a job. Its time has always come: backoff is left out. */
export function isClaimable(state: State, index: number, { configuration, rules }: Model): boolean {
  const row = state.jobs[index]?.row;
  const queue = configuration.jobs[index]?.queue;
  const others = state.jobs.flatMap((job, n) =>
    queue !== undefined && n !== index && configuration.jobs[n]?.queue === queue && job.row ? [job.row] : [],
  );
  return row !== null && row !== undefined && rules.isClaimable(row, others);
}

/** get_jobs of one job, for a run. */
export function claim(state: State, claimed: { job: number; run: number }, { rules }: Model): State {
  const row = state.jobs[claimed.job]?.row;
  if (!row) return state;
  const lease = { run: claimed.run, isOver: false };
  const token = rules.token(state);
  return withJob({ ...state, nextToken: token + 1 }, claimed.job, {
    row: { ...row, attempts: row.attempts + 1, token, lease },
  });
}

/** complete_leases, fail_leases, accept_leases: one outcome under its token. */
export function settle(
  state: State,
  { job, token }: Flight,
  given: { model: Model; outcome: Outcome },
): State {
  const { model, outcome } = given;
  const found = state.jobs[job];
  const row = found?.row;
  if (!found || !row || !model.rules.fits(row, token)) return state;
  const taken = marked(state, { job, token });
  if (outcome === "complete")
    return withJob(taken, job, { row: model.rules.completed(row), endings: found.endings + 1 });
  if (outcome === "accepted") return withJob(taken, job, { row: model.rules.accepted(row) });
  const spent = outcome === "retry" ? { spent: found.spent + 1 } : {};
  const freed = model.rules.failed(row, outcome);
  return bury(withJob(taken, job, spent), job, { model, freed });
}

function marked(state: State, { job, token }: Pick<Flight, "job" | "token">): State {
  return {
    ...state,
    flights: state.flights.map((flight) =>
      flight.job === job && flight.token === token ? { ...flight, wasTaken: true } : flight,
    ),
  };
}

/** callback_job: gives what the function is told, too. */
export function callBack(
  state: State,
  flight: Flight,
  { model, report }: { model: Model; report: Report },
): { state: State; told: Told } {
  const { row, letter, endings } = state.jobs[flight.job] ?? { row: null, letter: null, endings: 0 };
  if (row && model.rules.fits(row, flight.token)) {
    if (report !== "progress")
      return { state: settle(state, flight, { model, outcome: report }), told: "taken" };
    const moved = withJob(state, flight.job, { row: model.rules.progressed(row) });
    return { state: marked(moved, flight), told: "taken" };
  }
  if (report === "complete" && model.rules.endsUnanswered({ row, letter }, flight.token)) {
    const done = { row: row && model.rules.completed(row), letter: null, endings: endings + 1 };
    return { state: withJob(marked(state, flight), flight.job, done), told: "taken" };
  }
  const known = row ?? letter;
  return { state, told: known === null || known.token === flight.token ? "repeated" : "passed on" };
}

/** rescue_jobs: everything that is lost at this moment, and the rows of the runs that are over. */
export function rescue(state: State, model: Model): State {
  const rescued = state.jobs.reduce((now, job, index) => {
    if (!job.row || !model.rules.isLost(job.row, state.runs)) return now;
    const counted = withJob(now, index, { spent: job.spent + 1 });
    return bury(counted, index, { model, freed: model.rules.rescued(job.row) });
  }, state);
  const runs = rescued.runs.map((run) => (run.row === "over" ? { ...run, row: "none" as const } : run));
  return { ...rescued, runs };
}

/** release_strays: the jobs of a run but for those that it knows of. */
export function release(
  state: State,
  { run, known }: { run: number; known: readonly number[] },
  model: Model,
): State {
  return state.jobs.reduce((now, { row }, index) => {
    if (!row || row.lease?.run !== run || known.includes(index)) return now;
    return bury(now, index, { model, freed: model.rules.released(row) });
  }, state);
}

/** cancel_jobs, retry_dead_jobs and discard_dead_jobs of one job; null where there is nothing to do. */
export const operations = {
  cancel: (state: State, index: number, { rules }: Model): State | null => {
    const row = state.jobs[index]?.row;
    return row ? withJob(state, index, rules.cancelled(row)) : null;
  },
  retry: (state: State, index: number, { configuration, rules }: Model): State | null => {
    const letter = state.jobs[index]?.letter;
    if (!letter) return null;
    const { key } = configuration.jobs[index] ?? {};
    const isTaken = state.jobs.some(({ row }, n) => row?.hasKey && configuration.jobs[n]?.key === key);
    return withJob(state, index, { ...rules.retried(letter, isTaken), spent: 0 });
  },
  discard: (state: State, index: number): State | null => {
    const job = state.jobs[index];
    return job?.letter ? withJob(state, index, { letter: null, endings: job.endings + 1 }) : null;
  },
} satisfies Record<string, (state: State, index: number, model: Model) => State | null>;

/** Gives the rows that are there. */
export function rowsOf(state: State): Row[] {
  return state.jobs.flatMap(({ row }) => (row ? [row] : []));
}
