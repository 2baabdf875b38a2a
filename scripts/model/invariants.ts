import type { Step } from "./action.ts";
import { type Model, rowsOf } from "./database.ts";
import type { Job, State } from "./state.ts";

/** A step and the state before it. */
export type Move = Step & { readonly before: State };

/** A sentence that holds of every move, and so of every state that is reached. */
export type Invariant = {
  readonly sentence: string;
  readonly holds: (move: Move, model: Model) => boolean;
};

/** Says that from every state a quiet one is still to be reached; see `isQuiet`. */
export const liveness =
  "Once faults stop, every job can still end or die, and nothing stays leased or under way, whatever came before";

/** Whether nothing is under way: no lease, no request, no callback, and no job that waits. */
export function isQuiet({ jobs, flights }: State): boolean {
  return flights.length === 0 && jobs.every(({ row, enqueue }) => row === null && enqueue !== "pending");
}

const countOf = (is: readonly boolean[]) => is.filter(Boolean).length;
const leaseOf = (state: State, job: number) => state.jobs[job]?.row?.lease ?? null;

/** Gives the job, before and after, of a move that shows a token, and whether it was the token of the lease that held. */
function shown({ before, action, state }: Move) {
  if (action.kind !== "settle" && action.kind !== "call back") return null;
  const [was, is] = [before.jobs[action.job], state.jobs[action.job]];
  const flight = before.flights.find(({ job, token }) => job === action.job && token === action.token);
  const isLate = !was?.row?.lease || was.row.token !== action.token;
  return was && is ? { was, is, isLate, flight } : null;
}

/** Whether the work of an attempt without an answer is reported done before the job is claimed again. */
function endsUnanswered({ before, action }: Move): boolean {
  const job = "job" in action ? before.jobs[action.job] : undefined;
  const isDone = action.kind === "call back" && action.report === "complete";
  return isDone && !job?.row?.lease && (job?.row ?? job?.letter)?.token === action.token;
}

/** Whether attempts are the claims that were spent and the one that runs. */
function isCounted({ row, spent }: Job): boolean {
  return row === null || row.attempts === spent + (row.lease === null ? 0 : 1);
}

const rightReason = ({ letter, spent }: Job, maxAttempts: number) =>
  letter === null || letter.reason !== "out of attempts" || spent === maxAttempts;

/** What the protocol promises of its safety. */
export const invariants = [
  {
    sentence: "A committed job is waiting, leased, ended or dead: in one place, and never nowhere",
    holds: ({ state }) =>
      state.jobs.every(
        ({ enqueue, row, letter, endings }) =>
          countOf([row !== null, letter !== null, endings > 0]) === (enqueue === "own" ? 1 : 0),
      ),
  },
  {
    sentence: "No job ends twice",
    holds: ({ state }) => state.jobs.every(({ endings }) => endings <= 1),
  },
  {
    sentence: "Every completion was preceded by an execution under the same lease",
    holds: (move) => {
      const about = shown(move);
      return about === null || about.is.endings === about.was.endings || about.flight?.wasRun === true;
    },
  },
  {
    sentence:
      "A late outcome changes nothing, but for a completion by callback while the job waits or is dead under its token",
    holds: (move) => {
      const about = shown(move);
      return (
        about === null ||
        !about.isLate ||
        endsUnanswered(move) ||
        move.state.jobs.every((job, index) => Bun.deepEquals(job, move.before.jobs[index]))
      );
    },
  },
  {
    sentence: "A claim takes what waits, under a token that no earlier lease of the job had",
    holds: ({ before, action }) => action.kind !== "claim" || leaseOf(before, action.job) === null,
  },
  {
    sentence: "No two leases of a job share a token",
    holds: ({ before, state, action }) => {
      if (action.kind !== "claim") return true;
      const token = state.jobs[action.job]?.row?.token;
      return !before.flights.some((flight) => flight.job === action.job && flight.token === token);
    },
  },
  {
    sentence: "At most one lease holds in a serial queue",
    holds: ({ state }, { configuration }) => {
      const queues = state.jobs.flatMap(({ row }, index) =>
        row?.lease ? [configuration.jobs[index]?.queue ?? `free ${index}`] : [],
      );
      return new Set(queues).size === queues.length;
    },
  },
  {
    sentence: "The job of a worker that beats is taken from it by no rescue",
    holds: ({ before, action, state }) =>
      action.kind !== "rescue" ||
      before.jobs.every(({ row }, index) => {
        const run = row?.lease?.run ?? null;
        return run === null || before.runs[run]?.row !== "kept" || leaseOf(state, index) !== null;
      }),
  },
  {
    sentence: "Attempts never exceed max_attempts, and a job that waits has one left",
    holds: ({ state }, { configuration: { maxAttempts } }) =>
      rowsOf(state).every(({ attempts, lease }) => attempts <= maxAttempts - (lease === null ? 1 : 0)),
  },
  {
    sentence:
      "Each claim that failed or was lost counts as an attempt, and a claim that was given back does not",
    holds: ({ state }, { configuration: { maxAttempts } }) =>
      state.jobs.every((job) => isCounted(job) && rightReason(job, maxAttempts)),
  },
  {
    sentence: "A key belongs to one job at a time",
    holds: ({ state }, { configuration }) => {
      const keys = state.jobs.flatMap(({ row }, index) =>
        row?.hasKey ? [configuration.jobs[index]?.key] : [],
      );
      return new Set(keys).size === keys.length;
    },
  },
  {
    sentence: "A job whose key a newer one took while it ran is not run again",
    holds: ({ state }) => rowsOf(state).every(({ isSuperseded, lease }) => !isSuperseded || lease !== null),
  },
  {
    sentence: "A cancelled job is dead at once, and no report finds it",
    holds: ({ action, state }) =>
      (action.kind !== "cancel" || state.jobs[action.job]?.letter?.reason === "cancelled") &&
      state.jobs.every(({ letter }) => letter?.reason !== "cancelled" || letter.token === null),
  },
  {
    sentence:
      "A function is told that its report was known only where one of the same lease was taken, or the job has ended",
    holds: (move) => {
      const about = shown(move);
      if (about === null || move.action.kind !== "call back" || move.action.told !== "repeated") return true;
      return about.flight?.wasTaken === true || about.was.endings > 0;
    },
  },
] as const satisfies readonly Invariant[];

/** The sentence of an invariant, or that of liveness. */
export type Sentence = (typeof invariants)[number]["sentence"] | typeof liveness;
