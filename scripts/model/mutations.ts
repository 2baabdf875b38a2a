import type { shortConfigurations } from "./configurations.ts";
import type { Sentence } from "./invariants.ts";
import { liveness } from "./invariants.ts";
import { type Rules, rules } from "./rules.ts";

/** A mistake that the database could make, and the sentence that is then untrue. */
export type Mutation = {
  readonly name: string;
  readonly change: Partial<Rules>;
  readonly where: keyof typeof shortConfigurations;
  readonly breaks: Sentence;
};

const free = { lease: null } as const;

/** Mistakes, at least one for each invariant. */
export const mutations: readonly Mutation[] = [
  {
    name: "an outcome is taken without a look at its token",
    change: { fits: (row) => row.lease !== null },
    where: "response",
    breaks:
      "A late outcome changes nothing, but for a completion by callback while the job waits or is dead under its token",
  },
  {
    name: "an outcome is taken though the lease is over",
    change: { fits: (row, token) => row.token === token },
    where: "both",
    breaks:
      "A late outcome changes nothing, but for a completion by callback while the job waits or is dead under its token",
  },
  {
    name: "a late completion is taken without a look at its token",
    change: { endsUnanswered: ({ row, letter }) => !row?.lease && (row ?? letter) !== null },
    where: "both",
    breaks:
      "A late outcome changes nothing, but for a completion by callback while the job waits or is dead under its token",
  },
  {
    name: "each lease has the same token",
    change: { token: () => 1 },
    where: "response",
    breaks: "No two leases of a job share a token",
  },
  {
    name: "a claim takes what is leased",
    change: { isClaimable: () => true },
    where: "response",
    breaks: "A claim takes what waits, under a token that no earlier lease of the job had",
  },
  {
    name: "a claim does not look at what runs in the queue",
    change: { isClaimable: (row) => row.lease === null },
    where: "serial",
    breaks: "At most one lease holds in a serial queue",
  },
  {
    name: "a rescue takes every lease",
    change: { isLost: (row) => row.lease !== null },
    where: "response",
    breaks: "The job of a worker that beats is taken from it by no rescue",
  },
  {
    name: "a rescue takes no lease that the clock keeps",
    change: { isLost: (row, runs) => row.lease?.run !== null && rules.isLost(row, runs) },
    where: "callback",
    breaks: liveness,
  },
  {
    name: "a rescue does not count",
    change: {
      rescued: (row) => ({
        row: { ...row, ...free, token: null, attempts: row.attempts - 1 },
        reason: "out of attempts",
      }),
    },
    where: "response",
    breaks:
      "Each claim that failed or was lost counts as an attempt, and a claim that was given back does not",
  },
  {
    name: "a rescued job keeps its token",
    change: { rescued: (row) => ({ row: { ...row, ...free }, reason: "out of attempts" }) },
    where: "both",
    breaks:
      "A function is told that its report was known only where one of the same lease was taken, or the job has ended",
  },
  {
    name: "a released job keeps its token",
    change: {
      released: (row) => {
        const freed = rules.released(row);
        return { ...freed, row: { ...freed.row, token: row.token } };
      },
    },
    where: "both",
    breaks:
      "A function is told that its report was known only where one of the same lease was taken, or the job has ended",
  },
  {
    name: "a release keeps the attempt",
    change: {
      released: (row) => ({ row: { ...row, ...free, token: null }, reason: "out of attempts" }),
    },
    where: "response",
    breaks:
      "Each claim that failed or was lost counts as an attempt, and a claim that was given back does not",
  },
  {
    name: "a superseded job that has attempts left goes on waiting",
    change: {
      buried: (freed, limits) =>
        freed.row.isSuperseded && freed.row.attempts < limits.maxAttempts
          ? { row: freed.row, letter: null }
          : rules.buried(freed, limits),
    },
    where: "key",
    breaks: "A job whose key a newer one took while it ran is not run again",
  },
  {
    name: "a claim of which nothing is known is not given back",
    change: { findsStrays: false },
    where: "response",
    breaks: liveness,
  },
  {
    name: "an unreachable function costs an attempt",
    change: {
      failed: (row, kind) => rules.failed(row, kind === "unreachable" ? "retry" : kind),
    },
    where: "response",
    breaks:
      "Each claim that failed or was lost counts as an attempt, and a claim that was given back does not",
  },
  {
    name: "what is out of attempts goes on waiting",
    change: { buried: ({ row }) => ({ row, letter: null }) },
    where: "response",
    breaks: "Attempts never exceed max_attempts, and a job that waits has one left",
  },
  {
    name: "what is out of attempts is deleted",
    change: {
      buried: (freed, limits) => ({ ...rules.buried(freed, limits), letter: null }),
    },
    where: "response",
    breaks: "A committed job is waiting, leased, ended or dead: in one place, and never nowhere",
  },
  {
    name: "a completed job stays",
    change: { completed: (row) => ({ ...row, ...free, attempts: 0 }) },
    where: "response",
    breaks: "No job ends twice",
  },
  {
    name: "a refused connection is taken for success",
    change: { refused: () => "complete" },
    where: "response",
    breaks: "Every completion was preceded by an execution under the same lease",
  },
  {
    name: "a running job keeps its key when a newer one has it",
    change: { superseded: (row) => ({ ...rules.superseded(row), hasKey: true }) },
    where: "key",
    breaks: "A key belongs to one job at a time",
  },
  {
    name: "a job that comes back takes its key from another",
    change: { retried: (letter) => rules.retried(letter, false) },
    where: "key",
    breaks: "A key belongs to one job at a time",
  },
  {
    name: "a job that comes back stays dead too",
    change: { retried: (letter, isTaken) => ({ ...rules.retried(letter, isTaken), letter }) },
    where: "response",
    breaks: "A committed job is waiting, leased, ended or dead: in one place, and never nowhere",
  },
  {
    name: "a job that is cancelled while it runs keeps its token",
    change: {
      cancelled: (row) => {
        const { letter } = rules.cancelled(row);
        return { row: null, letter: letter && { ...letter, token: row.token } };
      },
    },
    where: "response",
    breaks: "A cancelled job is dead at once, and no report finds it",
  },
  {
    name: "a cancellation leaves what runs",
    change: {
      cancelled: (row) => (row.lease === null ? rules.cancelled(row) : { row, letter: null }),
    },
    where: "response",
    breaks: "A cancelled job is dead at once, and no report finds it",
  },
];
