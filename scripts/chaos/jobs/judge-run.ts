import type { Fault } from "./create-fault-log.ts";
import { explainRepeat, type Limits, type Reason, type Repeat } from "./explain-repeat.ts";
import { findBaselessLosses } from "./find-baseless-losses.ts";
import { findDisorder } from "./find-disorder.ts";
import { findForeignEnds } from "./find-foreign-ends.ts";
import type { Call } from "./ledger-function.ts";
import { isDoomed, type PlannedJob } from "./plan-jobs.ts";

/** How a job ended: "gone" or "dead", and under which lease. */
export type End = {
  readonly n: number;
  readonly how: string;
  readonly attempt: number;
  /** Null where it is dead, or was waiting when it ended. */
  readonly worker: string | null;
  /** In ms since the process began, by the database's clock. */
  readonly at: number;
};

/** All that is known of a run when it is over. */
export type Evidence = {
  readonly jobs: readonly PlannedJob[];
  /** When the commit of each job was answered; nothing where no answer came. */
  readonly answeredAt: ReadonlyMap<number, number>;
  /** By the database's own notes. */
  readonly enqueued: readonly number[];
  /** The same, in the order of the endings. */
  readonly ended: readonly End[];
  /** Rows that are neither gone nor dead. */
  readonly left: number;
  readonly calls: readonly Call[];
  readonly faults: readonly Fault[];
  readonly limits: Limits;
  readonly fallen: readonly string[];
};

/** What the evidence says. */
export type Verdict = {
  /** Calls of jobs that a call had ended in success, or of a lease that had its answer, by what explains them. */
  readonly repeats: Readonly<Partial<Record<Reason, number>>>;
  /** Promises that were broken, a sentence each, the first few of a kind. Has to be empty. */
  readonly broken: readonly string[];
};

const shown = 5;

/** The calls of each job, in their order. */
export type CallsOf = ReadonlyMap<number, readonly Call[]>;

/** Holds a run against every promise. */
export function judgeRun(evidence: Evidence): Verdict {
  const callsOf = Map.groupBy(evidence.calls, ({ n }) => n);
  const reasons = Map.groupBy(findRepeats(callsOf), (repeat) => explainRepeat(repeat, evidence));
  const unexplained = reasons.get(undefined) ?? [];
  const kinds = [
    ...findLost(evidence, callsOf),
    findWrongEnds(evidence, callsOf),
    findForeignEnds(evidence.ended, callsOf),
    findDisorder(evidence, callsOf),
    unexplained.map(describeRepeat),
    findBaselessLosses(evidence),
    evidence.left > 0 ? [`${evidence.left} jobs are leased or still to be run.`] : [],
    evidence.fallen.map((name) => `A process ended by itself: ${name}`),
  ];
  const isBroken = kinds.some((lines) => lines.length > 0);
  return {
    repeats: Object.fromEntries([...reasons].flatMap(([why, all]) => (why ? [[why, all.length]] : []))),
    broken: [
      ...kinds.flatMap((lines) => [
        ...lines.slice(0, shown),
        ...(lines.length > shown ? [`and ${lines.length - shown} more like it.`] : []),
      ]),
      ...(isBroken ? [`What happened: ${evidence.faults.map(describeFault).join(", ")}.`] : []),
    ],
  };
}

function describeRepeat({ first, again }: Repeat): string {
  const sameLease = first.lease === again.lease ? ", the same lease" : "";
  return `Job ${first.n} was answered ${first.said} at ${Math.round(first.saidAt ?? first.at)} ms (${first.worker}, attempt ${first.attempt}, called at ${Math.round(first.at)} ms, callback ${first.callback ?? "none"}) and was called again at ${Math.round(again.at)} ms (${again.worker}, attempt ${again.attempt}${sameLease}), which nothing explains.`;
}

function describeFault({ kind, worker, from, to }: Fault): string {
  const who = worker === null ? "" : ` of ${worker}`;
  return `${kind}${who} at ${Math.round(from)} to ${Math.round(to)} ms`;
}

function findRepeats(callsOf: CallsOf): Repeat[] {
  return [...callsOf.values()].flatMap((calls) =>
    calls.flatMap((again, place) => {
      const before = calls.slice(0, place);
      // What hangs up unanswered is sent again under its lease.
      const first =
        before.findLast(({ said }) => said === "success") ??
        before.findLast(({ said, lease }) => said !== undefined && lease === again.lease);
      return first === undefined ? [] : [{ first, again }];
    }),
  );
}

function findLost({ enqueued, answeredAt }: Evidence, callsOf: CallsOf): string[][] {
  const known = new Set(enqueued);
  return [
    enqueued.filter((n) => !callsOf.has(n)).map((n) => `Job ${n} was committed and never called.`),
    [...callsOf.keys()].filter((n) => !known.has(n)).map((n) => `Job ${n} was called and never committed.`),
    [...answeredAt.keys()]
      .filter((n) => !known.has(n))
      .map((n) => `The commit of job ${n} was answered, and it is not there.`),
    known.size === enqueued.length ? [] : ["A job was enqueued twice."],
  ];
}

function findWrongEnds({ enqueued, ended, jobs }: Evidence, callsOf: CallsOf): string[] {
  const endsOf = Map.groupBy(ended, ({ n }) => n);
  return enqueued.flatMap((n) => {
    const ends = endsOf.get(n) ?? [];
    const how = ends.map((end) => end.how).join(", ");
    if (ends.length !== 1) return [`Job ${n} ended ${ends.length} times (${how}).`];
    const job = jobs[n];
    const wanted = job !== undefined && isDoomed(job) ? "dead" : "gone";
    const word = wanted === "dead" ? "refused" : "success";
    if (!callsOf.get(n)?.some(({ said }) => said === word))
      return [`Job ${n} ended (${how}), and its function had not said so.`];
    return wanted === how ? [] : [`Job ${n} ended ${how}, and its function had said ${word}.`];
  });
}
