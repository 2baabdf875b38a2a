import type { Configuration, Job, Letter, Outcome, Reason, Row, Run, State } from "./state.ts";

/** What the database decides about one job, each a pure function, so that a mutation can put another in its place. */
export type Rules = typeof rules;

type Limits = Pick<Configuration, "maxAttempts">;

/** A row that is free, why it dies if it has no attempt left, and whether it dies however many are left. */
export type Freed = { readonly row: Row; readonly reason: Reason; readonly isEnded?: boolean };

const free = (row: Row, change: Partial<Row> = {}): Row => ({ ...row, lease: null, ...change });
const waiting: Row = { attempts: 0, token: null, lease: null, hasKey: false, isSuperseded: false };
const why = (row: Row): Reason => (row.isSuperseded ? "superseded" : "out of attempts");

/** The database's part of the protocol, as db/migrations has it. */
export const rules = {
  /** The fence: an outcome is taken under the token of the lease that holds. */
  fits: (row: Row, token: number): boolean => row.lease !== null && row.token === token,

  /**
   * A completion by callback ends a job that waits, or is dead, under its token. Only an attempt without an answer leaves one to come:
   * a function that answered a failure calls back with the same.
   */
  endsUnanswered: ({ row, letter }: Pick<Job, "row" | "letter">, token: number): boolean =>
    !row?.lease && (row ?? letter)?.token === token,

  /** A lease has a token of its own. */
  token: ({ nextToken }: State): number => nextToken,

  /** A claim takes what waits, of a serial queue only while no other job of it is leased. */
  isClaimable: (row: Row, others: readonly Row[]): boolean =>
    row.lease === null && others.every(({ lease }) => lease === null),

  /** rescue_jobs takes what no beat keeps any more, and what was accepted and is past its deadline. */
  isLost: ({ lease }: Row, runs: readonly Run[]): boolean =>
    lease !== null && (lease.run === null ? lease.isOver : runs[lease.run]?.row === "over"),

  /** A claim that was lost counts. */
  rescued: (row: Row): Freed => ({ row: free(row, { token: null }), reason: why(row) }),

  /** A job that is given back has its attempt back. */
  released: (row: Row): Freed => ({
    row: free(row, { token: null, attempts: row.attempts - 1 }),
    reason: why(row),
  }),

  /** Whether release_strays gives a job back that its worker does not know of. */
  findsStrays: true,

  /** A failed attempt. The token stays, so that a repeat is known. */
  failed: (row: Row, kind: "retry" | "dead" | "unreachable"): Freed => {
    if (row.isSuperseded) return { row: free(row), reason: "superseded" };
    if (kind === "dead") return { row: free(row), reason: "failed for good", isEnded: true };
    const attempts = kind === "unreachable" ? row.attempts - 1 : row.attempts;
    return { row: free(row, { attempts }), reason: "out of attempts" };
  },

  /** What is free and has no attempt left, or was superseded, moves to dead_jobs. */
  buried: ({ row, reason, isEnded = false }: Freed, { maxAttempts }: Limits): Pick<Job, "row" | "letter"> => {
    if (row.attempts < maxAttempts && !row.isSuperseded && !isEnded) return { row, letter: null };
    const { lease: _lease, ...rest } = row;
    return { row: null, letter: { ...rest, reason } };
  },

  /** A completed job leaves the table. */
  completed: (_row: Row): Row | null => null,

  /** 202: the clock keeps the lease from now on. */
  accepted: (row: Row): Row => ({ ...row, lease: { run: null, isOver: false } }),

  /** Progress moves the deadline of an accepted job. */
  progressed: (row: Row): Row =>
    row.lease?.run === null ? { ...row, lease: { run: null, isOver: false } } : row,

  /** A new job. */
  enqueued: (hasKey: boolean): Row => ({ ...waiting, hasKey }),

  /** A leased job whose key a newer one takes. */
  superseded: (row: Row): Row => ({ ...row, hasKey: false, isSuperseded: true }),

  /** cancel_jobs: dead at once; a lease is taken away with its token. */
  cancelled: ({ lease: _lease, ...row }: Row): Pick<Job, "row" | "letter"> => ({
    row: null,
    letter: { ...row, token: null, reason: "cancelled" },
  }),

  /** retry_dead_jobs: back with no attempt used; a key that another has by now stays with that one. */
  retried: (letter: Letter, isKeyTaken: boolean): Pick<Job, "row" | "letter"> => ({
    row: { ...waiting, hasKey: letter.hasKey && !isKeyTaken },
    letter: null,
  }),

  /** What a refused connection means to the worker. */
  refused: (): Outcome => "unreachable",

  /** Whether a worker that finds its lease gone forgets what it had in hand. */
  forgetsWhenLost: true,
};
