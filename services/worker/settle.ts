import { setTimeout as pause } from "node:timers/promises";
import { isTransient } from "#db/is-transient";
import type { Jobs, Lease } from "#db/jobs";
import type { Log } from "../log/log.ts";
import { createWakeSignal } from "./wake-signal.ts";

/** How an attempt ended, as it is written down. */
export type Settlement =
  | { readonly kind: "complete" }
  | { readonly kind: "accepted" }
  | {
      readonly kind: "retry" | "dead" | "unreachable";
      readonly message: string;
      readonly delaySeconds: number | null;
      readonly attempt?: AttemptFacts;
    };

/** What is recorded of a failed attempt beside its message. Instants are of performance.now(). */
export type AttemptFacts = {
  readonly httpStatus: number | null;
  readonly beganAtMs: number;
  readonly endedAtMs: number;
};

/** What settling needs. */
export type SettlerOptions = {
  readonly jobs: Pick<Jobs, "completeJobs" | "failJobs" | "acceptJobs">;
  readonly callbackSeconds: number;
  readonly unreachableLimitSeconds: number;
  readonly log: Log;
};

/** A lease whose outcome may be urgent: another job waits for it, as in a serial queue. */
export type UrgentLease = Lease & { readonly isUrgent?: boolean };

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

type Entry = {
  readonly lease: UrgentLease;
  readonly settlement: Settlement;
  readonly resolve: (taken: boolean) => void;
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
 * An outcome is kept until the database has it, however long that is away, unless the lease is lost first. A batch that the
 * database refuses for its content is written one by one, so that one bad message does not hold the others.
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
      if (batch.length > 0) await write(batch, { ...options, abandoned: era.signal });
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
type WriteOptions = SettlerOptions & { readonly abandoned: AbortSignal };

/** Writes a batch, again and again while the database is away. Never rejects; resolves every entry. */
async function write(entries: readonly Entry[], options: WriteOptions): Promise<void> {
  for (let failures = 0; !options.abandoned.aborted; failures++) {
    try {
      const taken = await writeBatch(entries, options);
      for (const entry of entries) entry.resolve(taken.has(entry.lease.jobId));
      return;
    } catch (error) {
      if (!isTransient(error)) return refused(entries, { ...options, error });
      options.log.warn("cannot write outcomes; trying again", { error, outcomes: entries.length });
      const waitMs = Math.min(5_000, 50 * 2 ** failures);
      await pause(waitMs, undefined, { signal: options.abandoned }).catch(() => undefined);
    }
  }
  for (const entry of entries) entry.resolve(false);
}

async function refused(
  entries: readonly Entry[],
  options: WriteOptions & { readonly error: unknown },
): Promise<void> {
  const [only] = entries;
  if (entries.length > 1) {
    for (const entry of entries) await write([entry], options);
  } else if (only !== undefined) {
    const { error, log } = options;
    log.error("the database refuses an outcome", {
      error,
      jobId: only.lease.jobId,
      kind: only.settlement.kind,
    });
    // What it said cannot be kept, that it failed can. If even that is refused, the lease runs out.
    const message = "The outcome of the attempt could not be recorded.";
    const settlement = { kind: "retry", message, delaySeconds: null } as const;
    await writeBatch([{ ...only, settlement }], options).catch(() => undefined);
    only.resolve(false);
  }
}

async function writeBatch(entries: readonly Entry[], options: SettlerOptions): Promise<Set<string>> {
  const { jobs, callbackSeconds, unreachableLimitSeconds } = options;
  const leases = (kind: Settlement["kind"]) =>
    entries.filter((entry) => entry.settlement.kind === kind).map((entry) => entry.lease);
  const now = performance.now();
  const failures = entries.flatMap(({ lease, settlement }) =>
    settlement.kind === "complete" || settlement.kind === "accepted"
      ? []
      : [{ ...lease, ...settlement, ...recorded(settlement.attempt, now) }],
  );
  const [completed, accepted] = [leases("complete"), leases("accepted")];
  const none = new Set<string>();
  const taken = await Promise.all([
    completed.length === 0 ? none : jobs.completeJobs(completed),
    accepted.length === 0 ? none : jobs.acceptJobs(accepted, callbackSeconds),
    failures.length === 0 ? none : jobs.failJobs(failures, unreachableLimitSeconds),
  ]);
  return new Set(taken.flatMap((ids) => [...ids]));
}

/** By the database's clock, which knows now alone, instants are so many seconds ago. */
function recorded(attempt: AttemptFacts | undefined, now: number) {
  if (attempt === undefined) return {};
  const { httpStatus, beganAtMs, endedAtMs } = attempt;
  return {
    httpStatus,
    beganSecondsAgo: (now - beganAtMs) / 1_000,
    endedSecondsAgo: (now - endedAtMs) / 1_000,
  };
}

/** Postgres text holds neither NUL nor a lone surrogate. */
function storable(settlement: Settlement): Settlement {
  if (!("message" in settlement)) return settlement;
  return { ...settlement, message: settlement.message.toWellFormed().replaceAll("\0", "") };
}
