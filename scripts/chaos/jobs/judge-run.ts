import type { Call } from "./ledger-function.ts";
import { isDoomed, type PlannedJob } from "./plan-jobs.ts";

/** When something was disturbed; times are in ms since the process began. */
export type Disturbed = {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Whose jobs it may have called again: all, none, or one worker's. */
  readonly explains: "all" | "none" | { readonly worker: string };
};

/** All that is known of a run when it is over. */
export type Evidence = {
  readonly jobs: readonly PlannedJob[];
  readonly enqueued: readonly number[];
  /** By the database's own notes, in the order of the endings. */
  readonly ended: ReadonlyArray<{ readonly n: number; readonly how: string }>;
  /** Rows that are neither gone nor dead. */
  readonly left: number;
  readonly calls: readonly Call[];
  readonly disturbed: readonly Disturbed[];
  readonly fallen: readonly string[];
};

/** What the evidence says. */
export type Verdict = {
  /** Calls of jobs that had succeeded before. */
  readonly duplicates: number;
  /** Promises that were broken, a sentence each, the first few of a kind. Has to be empty. */
  readonly broken: readonly string[];
};

const shown = 5;
/** Calls of a serial queue that a call is compared with: more than can be under way. */
const lookBack = 20;
/** How long what was disturbed may show: a lease, a callback's deadline, a request's limit, and a rest after them. */
const echoMs = 10_000;

/** Holds a run against every promise. */
export function judgeRun(evidence: Evidence): Verdict {
  const callsOf = Map.groupBy(evidence.calls, ({ n }) => n);
  const duplicates = findDuplicates(callsOf);
  const unexplained = duplicates.filter(
    (duplicate) => !evidence.disturbed.some((what) => explains(what, duplicate)),
  );
  const broken = [
    ...findLost(evidence, callsOf),
    ...findWrongEnds(evidence, callsOf),
    ...findDisorder(evidence, callsOf),
    unexplained.map(
      ({ first, again }) =>
        `Job ${first.n} succeeded at ${Math.round(first.saidAt ?? first.at)} ms (${first.worker}) and was called again at ${Math.round(again.at)} ms (${again.worker}), while nothing was disturbed.`,
    ),
    evidence.left > 0 ? [`${evidence.left} jobs are leased or still to be run.`] : [],
    evidence.fallen.map((name) => `A worker ended by itself: ${name}`),
  ];
  return { duplicates: duplicates.length, broken: broken.flatMap((lines) => lines.slice(0, shown)) };
}

type CallsOf = ReadonlyMap<number, readonly Call[]>;
type Duplicate = { readonly first: Call; readonly again: Call };

function findDuplicates(callsOf: CallsOf): Duplicate[] {
  return [...callsOf.values()].flatMap((calls) =>
    calls.flatMap((again, place) => {
      const before = calls
        .slice(0, place)
        .filter(({ said, saidAt = 0 }) => said === "success" && saidAt <= again.at);
      const first = before.at(-1);
      return first === undefined ? [] : [{ first, again }];
    }),
  );
}

function explains({ from, to, explains: whose }: Disturbed, { first, again }: Duplicate): boolean {
  if (whose === "none" || again.at < from || first.at > to + echoMs) return false;
  return whose === "all" || whose.worker === first.worker || whose.worker === again.worker;
}

function findLost({ enqueued, jobs }: Evidence, callsOf: CallsOf): string[][] {
  const known = new Set(enqueued);
  return [
    enqueued.filter((n) => !callsOf.has(n)).map((n) => `Job ${n} was committed and never called.`),
    [...callsOf.keys()].filter((n) => !known.has(n)).map((n) => `Job ${n} was called and never committed.`),
    known.size === enqueued.length && known.size === jobs.length
      ? []
      : ["The test enqueued a job twice, or not."],
  ];
}

function findWrongEnds({ enqueued, ended, jobs }: Evidence, callsOf: CallsOf): string[][] {
  const endsOf = Map.groupBy(ended, ({ n }) => n);
  const wrong = enqueued.flatMap((n) => {
    const ends = endsOf.get(n) ?? [];
    const how = ends.map((end) => end.how).join(", ");
    if (ends.length !== 1) return [`Job ${n} ended ${ends.length} times (${how}).`];
    const job = jobs[n];
    const wanted = job !== undefined && isDoomed(job) ? "refused" : "success";
    if (!callsOf.get(n)?.some(({ said }) => said === wanted))
      return [`Job ${n} ended (${how}), and its function had not said so.`];
    return wanted === "success" && how !== "gone"
      ? [`Job ${n} ended ${how}, and its function had succeeded.`]
      : [];
  });
  return [wrong];
}

/**
 * The jobs of a serial queue are first called in their order, and none while another one runs. A job that failed waits for its
 * retry and lets the next go on; a disturbance may do the same to a job, or leave a call running whose lease is over.
 */
function findDisorder({ jobs, disturbed }: Evidence, callsOf: CallsOf): string[][] {
  const serial = jobs.filter(({ queue, n }) => queue !== null && callsOf.has(n));
  const queues = Map.groupBy(serial, ({ queue }) => queue);
  const faults = [...queues.values()].flatMap((queue) => {
    const calls = queue.flatMap(({ n }) => callsOf.get(n) ?? []).sort((a, b) => a.at - b.at);
    return calls.flatMap((again, place) => {
      const before = calls.slice(Math.max(0, place - lookBack), place);
      const running = before.filter(
        (first) => first.n !== again.n && first.saidAt !== undefined && first.saidAt > again.at,
      );
      const firsts = before.filter((first) => first.n > again.n && callsOf.get(again.n)?.[0] === again);
      return [...running, ...firsts].map((first) => ({ first, again }));
    });
  });
  const unexplained = faults.filter((pair) => !disturbed.some((what) => explains(what, pair)));
  return [
    unexplained.map(
      ({ first, again }) =>
        `Job ${again.n} was called after or within a call of job ${first.n}, of the same serial queue.`,
    ),
  ];
}
