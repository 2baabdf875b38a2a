import type { CallsOf, End } from "./judge-run.ts";

/** By how much the clocks of database and run may differ, in ms. */
const clockMs = 100;

/**
 * Tells, a sentence each, which jobs were completed under a lease whose own call had not said success by then: an outcome that came
 * under an earlier lease was taken, so that the next job of a serial queue begins while this one runs. While nobody has a job, only
 * a callback of its latest attempt completes it.
 */
export function findForeignEnds(ended: readonly End[], callsOf: CallsOf): string[] {
  return ended
    .filter(({ how }) => how === "gone")
    .filter(
      ({ n, attempt, worker, at }) =>
        !callsOf
          .get(n)
          ?.some(
            (call) =>
              call.attempt === attempt &&
              (worker === null ? call.callback !== undefined : call.worker === worker) &&
              call.said === "success" &&
              (call.saidAt ?? 0) <= at + clockMs,
          ),
    )
    .map(
      ({ n, attempt, worker, at }) =>
        `Job ${n} was completed at ${Math.round(at)} ms while ${worker ?? "nobody"} had attempt ${attempt} of it, whose function had not said so.`,
    );
}
