import type { Fault } from "./create-fault-log.ts";
import type { Call } from "./ledger-function.ts";

/** A call that another one had made needless: it had ended in success, or was about to, or was the same lease's. */
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

/** What explains it. */
export type Circumstances = { readonly faults: readonly Fault[]; readonly limits: Limits };

/** From an answer until its outcome is written, on a busy machine, where nothing keeps it from the database. */
export const settleMs = 2_000;
/** How much later a request arrives, by way of the proxy, than what its worker said after it. */
const hopMs = 20;
/** How long a request or an answer may be on its way. */
export const travelMs = 500;

/**
 * Gives the one thing that explains a repeat, or undefined: what became of the very answer that the first call gave.
 *
 * A fault of the database is no reason. An outcome is kept until it is written, so that only the loss of the lease loses it,
 * and then the job is called under a later lease that counts one attempt more. Under the same lease a request goes out twice
 * only where its connection closed without an answer, and under an earlier one only what a frozen worker was just writing.
 *
 * It also explains why a job of a serial queue, `again`, was called while another one, `first`, was running.
 */
export function explainRepeat(repeat: Repeat, circumstances: Circumstances): Reason | undefined {
  const { first, again } = repeat;
  if (first.n === again.n) {
    if (first.lease === again.lease)
      return strikes(repeat, circumstances, "function") ? "answer lost" : undefined;
    if (again.attempt < first.attempt)
      return wokeWith(again, circumstances.faults) ? "worker frozen" : undefined;
    if (again.attempt === first.attempt) return undefined;
  } else if (wokeWith(again, circumstances.faults)) return "worker frozen";
  return explainLaterLease(repeat, circumstances);
}

function explainLaterLease(repeat: Repeat, circumstances: Circumstances): Reason | undefined {
  const { first, again } = repeat;
  const { limits } = circumstances;
  const limitMs = limits.timeoutMs - travelMs;
  const isLate = again.at - first.at >= limitMs;
  if (!wasHeard(repeat, limitMs) && isLate) return "callback lost";
  if (endsLease(repeat, circumstances, "killed") && again.worker !== first.worker) return "worker killed";
  if (endsLease(repeat, circumstances, "frozen")) return "worker frozen";
  if (strikes(repeat, circumstances, "lease lost", waitMs(repeat, circumstances))) return "lease lost";
  if (strikes(repeat, circumstances, "function")) return "answer lost";
  if (answeredAt(first) - first.at > limitMs && isLate) return "answered too late";
  return stalledPastLimit(repeat, circumstances, limitMs) && isLate ? "run stalled" : undefined;
}

const answeredAt = ({ saidAt, at }: Call) => saidAt ?? at;

/** Tells whether a fault may have met the first call, from its request until so long after its answer, and before the other. */
function strikes(
  repeat: Repeat,
  circumstances: Circumstances,
  ...[kind, untilMs = travelMs]: readonly [kind: Fault["kind"], untilMs?: number]
): boolean {
  return struckBy(repeat, circumstances, { kind, untilMs }).length > 0;
}

type Kind = { readonly kind: Fault["kind"]; readonly untilMs: number };

function struckBy(
  { first, again }: Repeat,
  { faults, limits }: Circumstances,
  { kind, untilMs }: Kind,
): Fault[] {
  const latest = Math.min(answeredAt(first) + untilMs, again.at + lateMs(kind, limits));
  return faults.filter(
    (fault) =>
      fault.kind === kind &&
      (fault.worker === null || fault.worker === first.worker) &&
      fault.to + travelMs >= first.at &&
      fault.from <= latest,
  );
}

/** While the database is away an outcome waits, as long as a lease at most. */
function waitMs(repeat: Repeat, circumstances: Circumstances): number {
  return strikes(repeat, circumstances, "database", settleMs)
    ? circumstances.limits.leaseMs + settleMs
    : settleMs;
}

/**
 * Tells whether a worker was struck so that its lease ended with the outcome, and the job was called again no sooner. It beats
 * every third of a lease; a third of it is left even where it was about to for as long again.
 */
function endsLease(repeat: Repeat, circumstances: Circumstances, kind: "killed" | "frozen"): boolean {
  const { faults, limits } = circumstances;
  const untilMs = waitMs(repeat, circumstances);
  return struckBy(repeat, circumstances, { kind, untilMs }).some(
    (fault) =>
      repeat.again.at >= fault.from + (wasBeating(fault, { faults, limits }) ? limits.leaseMs / 3 : 0),
  );
}

/** Tells whether nothing kept a worker from beating in the lease before it was struck. */
function wasBeating({ from }: Fault, { faults, limits }: Circumstances): boolean {
  return !faults.some(
    (other) =>
      (other.kind === "database" || other.kind === "stalled" || other.kind === "frozen") &&
      other.from < from &&
      other.to + limits.leaseMs >= from,
  );
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

/** What a worker was writing when it was frozen goes out as it wakes, just before it knows that its lease is over. */
function wokeWith({ worker, at }: Call, faults: readonly Fault[]): boolean {
  const ofIts = (kind: Fault["kind"]) =>
    faults.filter((fault) => fault.kind === kind && fault.worker === worker);
  return ofIts("frozen").some(
    ({ to }) =>
      at >= to &&
      at < to + travelMs &&
      ofIts("lease lost").some((loss) => loss.from >= to && at <= loss.from + hopMs),
  );
}

/** A worker may hear of its lost lease only when it beats, while others have the jobs already. */
function lateMs(kind: Fault["kind"], { leaseMs }: Limits): number {
  return kind === "lease lost" ? leaseMs / 3 + settleMs : 0;
}

/** A run that stood still sent its answer later than it noted, and read the request later than that was sent. */
function stalledPastLimit(repeat: Repeat, circumstances: Circumstances, limitMs: number): boolean {
  const { first } = repeat;
  const stalls = struckBy(repeat, circumstances, { kind: "stalled", untilMs: travelMs });
  if (stalls.length === 0) return false;
  const from = Math.min(first.at, ...stalls.map((stall) => stall.from));
  const to = Math.max(answeredAt(first), ...stalls.map((stall) => stall.to));
  return to - from > limitMs;
}
