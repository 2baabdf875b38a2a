import type { Fault } from "./create-fault-log.ts";
import { type Circumstances, settleMs } from "./explain-repeat.ts";

/**
 * Tells, a sentence each, where a worker lost its lease though nothing had kept it from beating: that would explain repeats, and
 * has to be explained itself. It may notice when a lease has passed since.
 */
export function findBaselessLosses({ faults, limits }: Circumstances): string[] {
  return faults
    .filter(({ kind }) => kind === "lease lost")
    .filter((loss) => !faults.some((fault) => keepsFromBeating(fault, loss, limits.leaseMs)))
    .map(({ worker, from }) => `${worker} lost its lease at ${Math.round(from)} ms, which nothing explains.`);
}

function keepsFromBeating(fault: Fault, loss: Fault, leaseMs: number): boolean {
  const isCause =
    fault.kind === "database" ||
    fault.kind === "stalled" ||
    (fault.kind === "frozen" && fault.worker === loss.worker);
  return isCause && fault.from <= loss.from && fault.to + leaseMs + settleMs >= loss.from;
}
