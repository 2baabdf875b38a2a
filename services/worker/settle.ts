import type { Lease } from "#db/jobs";
import { createWakeSignal } from "./wake-signal.ts";
import {
  type Entry,
  type Settlement,
  type UrgentLease,
  type WriteOptions,
  writeOutcomes,
} from "./write-outcomes.ts";

/** What settling needs. */
export type SettlerOptions = Omit<WriteOptions, "abandoned">;

/** Completed jobs that a claim takes along to the database. */
export type Completed = {
  readonly leases: readonly Lease[];
  /** The database has them, but for those whose lease had passed on. */
  readonly written: (refused: ReadonlySet<string>) => void;
  /** It is not known whether the database has them: they are written again, which does no harm. */
  readonly putBack: () => void;
};

/** Writes outcomes down, by the batch. */
export type Settler = {
  /** Resolves when the outcome is written: true when it was taken, false when the lease had passed on. */
  readonly settle: (lease: UrgentLease, settlement: Settlement) => Promise<boolean>;
  /** Hands over the completed jobs that are not yet on their way, for whoever goes to the database anyway. */
  readonly takeCompleted: () => Completed;
  /** Gives up what is not yet written: its leases are lost. Each of its promises resolves to false. */
  readonly abandon: () => void;
};

/**
 * Least time between the beginnings of two writes, in ms, unless something urgent waits. What ends after a quiet time is
 * written at once; under load this makes few large writes of many small ones, each of which costs Postgres a
 * transaction, and lets claims take most along.
 */
const gatherMs = 5;

/**
 * Gives a settler that writes one batch at a time: what ends while a batch is under way makes the next one.
 *
 * An outcome is kept until the database has it, however long that is away, unless the lease is lost first.
 */
export function createSettler(options: SettlerOptions): Settler {
  let waiting: Entry[] = [];
  let isWriting = false;
  let writtenAt = Number.NEGATIVE_INFINITY;
  let era = new AbortController();
  const urgency = createWakeSignal();

  const drain = async () => {
    isWriting = true;
    while (waiting.length > 0) {
      const restMs = writtenAt + gatherMs - performance.now();
      if (restMs > 0) await urgency.wait(restMs);
      const batch = waiting;
      waiting = [];
      writtenAt = performance.now();
      if (batch.length > 0) await writeOutcomes(batch, { ...options, abandoned: era.signal });
    }
    isWriting = false;
  };
  const add = (entries: readonly Entry[]) => {
    waiting.push(...entries);
    if (entries.some(({ lease }) => lease.isUrgent)) urgency.wake();
    if (!isWriting) void drain();
  };

  return {
    settle: (lease, settlement) =>
      new Promise((resolve) => {
        add([{ lease, settlement: storable(settlement), resolve }]);
      }),
    takeCompleted: () => {
      const taken = waiting.filter(({ settlement }) => settlement.kind === "complete");
      if (taken.length > 0) {
        waiting = waiting.filter(({ settlement }) => settlement.kind !== "complete");
        writtenAt = performance.now();
      }
      const begun = era;
      return {
        leases: taken.map(({ lease }) => lease),
        written: (refused) => {
          for (const { lease, resolve } of taken) resolve(!refused.has(lease.jobId));
        },
        putBack: () => {
          if (begun === era) add(taken);
          else for (const { resolve } of taken) resolve(false);
        },
      };
    },
    abandon: () => {
      era.abort();
      era = new AbortController();
      for (const entry of waiting) entry.resolve(false);
      waiting = [];
    },
  };
}

/** Postgres text holds neither NUL nor a lone surrogate. */
function storable(settlement: Settlement): Settlement {
  if (!("message" in settlement)) return settlement;
  return { ...settlement, message: settlement.message.toWellFormed().replaceAll("\0", "") };
}
