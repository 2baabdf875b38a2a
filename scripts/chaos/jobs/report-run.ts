import { percentile } from "../../bench/host/percentile.ts";
import type { Fault } from "./create-fault-log.ts";
import type { Verdict } from "./judge-run.ts";
import type { PlannedJob } from "./plan-jobs.ts";
import { type Recovery, recoveryTimes } from "./recovery.ts";
import type { Stage } from "./stage.ts";

/** Seconds, over so many jobs. */
export type Spread = {
  readonly jobs: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly most: number;
};

/** What came of a run. */
export type JobChaosReport = Verdict & {
  /** Jobs that were committed. */
  readonly jobs: number;
  readonly calls: number;
  readonly dead: number;
  /** Jobs whose enqueuing got no answer: those that the database has, and those that it has not. */
  readonly unanswered: { readonly committed: number; readonly lost: number };
  /** Tries of callbacks by the status that answered them; 0 for none. */
  readonly callbacks: Readonly<Record<string, number>>;
  /** From the kill or freeze of a worker until a job that it held is called again; nothing else is disturbed meanwhile. */
  readonly recovery: Spread;
  /** From the answer to the enqueuer until the first call, of jobs without a serial queue that came while something was disturbed. */
  readonly latency: Spread;
  /** How often each kind of fault was there. */
  readonly faults: Readonly<Partial<Record<Fault["kind"], number>>>;
  readonly seconds: number;
};

/** What a report is made from. */
export type ReportParts = {
  readonly stage: Stage;
  readonly jobs: readonly PlannedJob[];
  readonly enqueued: readonly number[];
  readonly ended: ReadonlyArray<{ readonly how: string }>;
  readonly answeredAt: ReadonlyMap<number, number>;
  readonly faults: readonly Fault[];
  readonly recoveries: readonly Recovery[];
  /** From when on nothing was disturbed any more. */
  readonly calmFrom: number;
};

/** Counts and measures what a run did. */
export function reportRun(parts: ReportParts): Omit<JobChaosReport, keyof Verdict | "seconds"> {
  const { stage, enqueued, ended, answeredAt } = parts;
  const isUnanswered = (n: number) => !answeredAt.has(n);
  const committed = enqueued.filter(isUnanswered).length;
  return {
    jobs: enqueued.length,
    calls: stage.fn.calls.length,
    dead: ended.filter(({ how }) => how === "dead").length,
    unanswered: {
      committed,
      lost: parts.jobs.filter(({ n }) => isUnanswered(n)).length - committed,
    },
    callbacks: Object.fromEntries(stage.fn.callbacks),
    recovery: spreadOf(recoveryTimes(stage, parts.recoveries)),
    latency: spreadOf(latencies(parts)),
    faults: Object.fromEntries(
      [...Map.groupBy(parts.faults, ({ kind }) => kind)].map(([kind, all]) => [kind, all.length]),
    ),
  };
}

function latencies({ stage: { fn }, jobs, answeredAt, calmFrom }: ReportParts): number[] {
  const seen = new Set<number>();
  return fn.calls.flatMap(({ n, at }) => {
    const since = answeredAt.get(n);
    if (seen.has(n) || since === undefined || since > calmFrom || jobs[n]?.queue !== null) return [];
    seen.add(n);
    // A call may come before the enqueuer has its answer.
    return [Math.max(0, at - since) / 1000];
  });
}

function spreadOf(seconds: readonly number[]): Spread {
  const at = (share: number) => round(percentile(seconds, share));
  return { jobs: seconds.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), most: at(1) };
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
