import type { Fault } from "./create-fault-log.ts";
import type { Call } from "./ledger-function.ts";

/** A call of a job that another call of the same job had ended in success, or was about to. */
export type Repeat = { readonly first: Call; readonly again: Call };

/** Why a job may have been called again. */
export type Reason =
  | "worker killed"
  | "worker frozen"
  | "lease lost"
  | "answer lost"
  | "callback lost"
  | "answered too late"
  | "run stalled";

/** The limits that the workers of a run keep; a callback is waited for as long as an answer. */
export type Limits = { readonly leaseMs: number; readonly timeoutMs: number };

/** From an answer until its outcome is written, on a busy machine, where nothing keeps it from the database. */
const settleMs = 2_000;
/** How long a request or an answer may be on its way. */
export const travelMs = 500;

/**
 * Gives the one thing that explains a repeat, or undefined: what became of the very answer that the first call gave.
 *
 * A fault of the database is no reason. An outcome is kept until it is written, so that only the loss of the lease loses it.
 */
export function explainRepeat(
  { first, again }: Repeat,
  { faults, limits }: { readonly faults: readonly Fault[]; readonly limits: Limits },
): Reason | undefined {
  const limitMs = limits.timeoutMs - travelMs;
  if (!wasHeard({ first, again }, limitMs) && again.at - first.at >= limitMs) return "callback lost";
  const saidAt = first.saidAt ?? first.at;
  const strikes = (kind: Fault["kind"], untilMs: number) =>
    faults.some(
      (fault) =>
        fault.kind === kind &&
        (fault.worker === null || fault.worker === first.worker) &&
        fault.to + travelMs >= first.at &&
        fault.from <= Math.min(saidAt + untilMs, again.at + lateMs(kind, limits)),
    );
  // While the database is away an outcome waits, as long as a lease at most.
  const waitMs = strikes("database", settleMs) ? limits.leaseMs + settleMs : settleMs;
  if (strikes("killed", waitMs)) return "worker killed";
  if (strikes("frozen", waitMs)) return "worker frozen";
  if (wokeWith(again, faults)) return "worker frozen";
  if (strikes("lease lost", limits.leaseMs + settleMs)) return "lease lost";
  if (strikes("function", travelMs)) return "answer lost";
  if (saidAt - first.at > limitMs) return "answered too late";
  return strikes("stalled", settleMs) ? "run stalled" : undefined;
}

/**
 * Tells whether a callback came in time, or none was owed. One may be taken in the end, when the job has been called again and
 * has ended: what is over is taken for a repeat.
 */
function wasHeard({ first, again }: Repeat, limitMs: number): boolean {
  const { callback, callbackAt = Number.POSITIVE_INFINITY } = first;
  if (callback === undefined) return true;
  return callback === "taken" ? callbackAt <= again.at : callbackAt - first.at < limitMs;
}

/** A request that waited for its connection when its worker was frozen goes out when that wakes, while others have the job. */
function wokeWith(again: Call, faults: readonly Fault[]): boolean {
  return faults.some(
    ({ kind, worker, to }) =>
      kind === "frozen" && worker === again.worker && Math.abs(again.at - to) < travelMs,
  );
}

/** A worker may hear of its lost lease only when it beats, while others have the jobs already. */
function lateMs(kind: Fault["kind"], { leaseMs }: Limits): number {
  return kind === "lease lost" ? leaseMs / 3 + settleMs : 0;
}
