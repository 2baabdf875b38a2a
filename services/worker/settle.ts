import { setTimeout as pause } from "node:timers/promises";
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
export type SettlerOptions = Omit<WriteOptions, "abandoned" | "onHeld">;

/** Completed jobs that a claim takes along to the database. */
export type Completed = {
  readonly leases: readonly Lease[];
  /** The database has them, but for those that it did not take. */
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
 * The pause before outcomes are brought again whose jobs another transaction has in its hands, in ms: all of them together, so that they
 * cost one small statement each time, however many there are and however long it stays open.
 */
const heldPauseMs = 100;

/** How long there have to be such outcomes before the log says so, in ms: a transaction that is merely under way ends sooner. */
const heldPatienceMs = 1_000;

/** Least time between two lines in the log about them, in ms. */
const heldTellMs = 10_000;

/** How long claims take no completed jobs along after one that did has failed, in ms: it may have failed because of them. */
const apartMs = 1_000;

/**
 * Gives a settler that writes one batch at a time: what ends while a batch is under way makes the next one.
 *
 * An outcome is kept until the database has it, however long that is away, unless the lease is lost first. One whose job is in other
 * hands, as those of an application that has taken its key and not committed, is brought again by itself: neither the others nor
 * claims wait for it.
 */
export function createSettler(options: SettlerOptions): Settler {
  let waiting: Entry[] = [];
  let isWriting = false;
  let writtenAt = Number.NEGATIVE_INFINITY;
  let era = new AbortController();
  let apartUntil = Number.NEGATIVE_INFINITY;
  const urgency = createWakeSignal();
  const held = createHeld(options.log);

  const write = (entries: readonly Entry[]) => {
    const { signal } = era;
    return writeOutcomes(entries, {
      ...options,
      onHeld: (left) => held.add(left, { signal, write }),
      abandoned: signal,
    });
  };

  const drain = async () => {
    isWriting = true;
    while (waiting.length > 0) {
      const restMs = writtenAt + gatherMs - performance.now();
      if (restMs > 0) await urgency.wait(restMs);
      const batch = waiting;
      waiting = [];
      writtenAt = performance.now();
      if (batch.length > 0) await write(batch);
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
      const isApart = performance.now() < apartUntil;
      const taken = isApart ? [] : waiting.filter(({ settlement }) => settlement.kind === "complete");
      if (taken.length > 0) {
        waiting = waiting.filter(({ settlement }) => settlement.kind !== "complete");
        writtenAt = performance.now();
      }
      const { signal } = era;
      const onFailed = () => {
        apartUntil = performance.now() + apartMs;
      };
      return takenAlong(taken, { signal, write, onFailed });
    },
    abandon: () => {
      era.abort();
      era = new AbortController();
      for (const entry of [...waiting, ...held.take()]) entry.resolve(false);
      waiting = [];
    },
  };
}

/**
 * Gives completed jobs to a claim. What it brings in vain is written apart from what is waiting, so that the next claim does not take it
 * along again; and resolves to false where the leases are lost by then.
 */
function takenAlong(taken: readonly Entry[], options: Again & { readonly onFailed: () => void }): Completed {
  const again = (entries: readonly Entry[]) => {
    if (!options.signal.aborted) void options.write(entries);
    else for (const { resolve } of entries) resolve(false);
  };
  return {
    leases: taken.map(({ lease }) => lease),
    written: (refused) => {
      for (const { lease, resolve } of taken) if (!refused.has(lease.jobId)) resolve(true);
      const left = taken.filter(({ lease }) => refused.has(lease.jobId));
      if (left.length > 0) again(left);
    },
    putBack: () => {
      if (taken.length === 0) return;
      options.onFailed();
      again(taken);
    },
  };
}

type Again = { readonly signal: AbortSignal; readonly write: (entries: readonly Entry[]) => Promise<void> };

/** Keeps the outcomes whose jobs are in other hands, and brings them again, all together, a little later. */
function createHeld(log: WriteOptions["log"]) {
  let held: Entry[] = [];
  let since: number | null = null;
  let toldAt = Number.NEGATIVE_INFINITY;
  const take = () => {
    const taken = held;
    held = [];
    return taken;
  };
  const bringAgain = async ({ signal, write }: Again) => {
    await pause(heldPauseMs, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) await write(take());
    if (held.length === 0) since = null;
  };
  return {
    /** Takes outcomes, which resolve to false where their leases are lost by now. */
    add: (entries: readonly Entry[], again: Again): void => {
      if (again.signal.aborted) {
        for (const { resolve } of entries) resolve(false);
        return;
      }
      if (held.length === 0) void bringAgain(again);
      held.push(...entries);
      const now = performance.now();
      since ??= now;
      if (now < since + heldPatienceMs || now < toldAt + heldTellMs) return;
      toldAt = now;
      log.warn("outcomes wait: another transaction holds their jobs", {
        outcomes: held.length,
        jobId: held[0]?.lease.jobId,
      });
    },
    take,
  };
}

/** Postgres text holds neither NUL nor a lone surrogate. */
function storable(settlement: Settlement): Settlement {
  if (!("message" in settlement)) return settlement;
  return { ...settlement, message: settlement.message.toWellFormed().replaceAll("\0", "") };
}
