import type { Fault } from "./create-fault-log.ts";
import { explainRepeat, type Limits, travelMs } from "./explain-repeat.ts";
import type { CallsOf } from "./judge-run.ts";
import type { Call } from "./ledger-function.ts";
import type { PlannedJob } from "./plan-jobs.ts";

/** What order is judged by. */
export type OrderEvidence = {
  readonly jobs: readonly PlannedJob[];
  /** When the commit of each job was answered; nothing where no answer came. */
  readonly answeredAt: ReadonlyMap<number, number>;
  readonly faults: readonly Fault[];
  readonly limits: Limits;
};

/** Calls of a serial queue that a call is compared with: more than can be under way. */
const lookBack = 20;

/**
 * Tells, a sentence each, where the jobs of a serial queue were not called first in their order, or one while another ran.
 *
 * A job that failed waits for its retry and lets the next go on, and so does one whose request was lost on its way to the
 * function. A call whose lease was lost may still be running when the next begins.
 */
export function findDisorder(evidence: OrderEvidence, callsOf: CallsOf): string[] {
  const { jobs } = evidence;
  const serial = jobs.filter(({ queue, n }) => queue !== null && callsOf.has(n));
  const byQueue = Map.groupBy(serial, ({ queue }) => queue);
  return [...byQueue.values()].flatMap((queue) => {
    const calls = queue.flatMap(({ n }) => callsOf.get(n) ?? []).sort((a, b) => a.at - b.at);
    return calls.flatMap((call, place) => {
      const before = calls.slice(Math.max(0, place - lookBack), place);
      const isFirst = callsOf.get(call.n)?.[0] === call;
      return [
        ...before
          .filter((other) => other.n !== call.n && (other.saidAt ?? 0) > call.at)
          .filter((other) => !explainRepeat({ first: other, again: call }, evidence))
          .map(
            (other) => `${describe(call)} while ${describe(other)} was running, of the same serial queue.`,
          ),
        ...before
          .filter((other) => isFirst && other.n > call.n && !mayBeLate(evidence, { call, other }))
          .map(
            (other) =>
              `${describe(call)} for the first time after ${describe(other)}, of the same serial queue.`,
          ),
      ];
    });
  });
}

/**
 * Tells whether a job's request may have been lost before another one was called: then it waits for its next try. Or its commit
 * was not answered, and may have come after the other one's.
 */
function mayBeLate(
  { faults, answeredAt }: OrderEvidence,
  { call, other }: { readonly call: Call; readonly other: Call },
): boolean {
  const since = answeredAt.get(call.n);
  if (since === undefined) return true;
  return faults.some(
    ({ kind, from, to }) =>
      (kind === "function" || kind === "stalled") && from <= other.at && to + travelMs >= since,
  );
}

function describe({ n, at, worker }: Call): string {
  return `job ${n} was called (at ${Math.round(at)} ms by ${worker})`;
}
