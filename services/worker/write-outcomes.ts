import { setTimeout as pause } from "node:timers/promises";
import { isRowHeld, isTransient } from "#db/is-transient";
import type { Jobs, Lease } from "#db/jobs";
import type { Log } from "../log/log.ts";

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

/** A lease whose outcome may be urgent: another job waits for it, as in a serial queue. */
export type UrgentLease = Lease & { readonly isUrgent?: boolean };

/** An outcome to be written. */
export type Entry = {
  readonly lease: UrgentLease;
  readonly settlement: Settlement;
  /** Called once it is known whether it was taken. */
  readonly resolve: (taken: boolean) => void;
  /** Whether it already stands for one that the database has refused. */
  readonly isSubstitute?: boolean;
};

/** What writing needs. */
export type WriteOptions = {
  readonly jobs: Pick<Jobs, "completeJobs" | "failJobs" | "acceptJobs" | "heldLeases">;
  readonly callbackSeconds: number;
  readonly unreachableLimitSeconds: number;
  readonly log: Log;
  /** Takes the outcomes that are to be brought again a little later: another transaction has their jobs in its hands. */
  readonly onHeld: (entries: readonly Entry[]) => void;
  /** Gives up what is not written: its leases are lost. */
  readonly abandoned: AbortSignal;
};

/** The longest pause before a batch is written once more, in ms. */
const longestPauseMs = 1_000;

/**
 * Writes a batch, again and again while the database is away, and resolves every entry but those that `onHeld` takes. Never rejects.
 *
 * What keeps a batch from being written is parted from the others and goes on by itself, so that this is over sooner: an outcome
 * that the database refuses, and one that waits too long, as where a trigger of somebody's own on jobs needs what another transaction has.
 */
export async function writeOutcomes(entries: readonly Entry[], options: WriteOptions): Promise<void> {
  const { abandoned, log } = options;
  let open = entries;
  for (let failures = 0; !abandoned.aborted; failures++) {
    try {
      const taken = await writeBatch(open, options);
      for (const entry of open) if (taken.has(entry.lease.jobId)) entry.resolve(true);
      open = open.filter(({ lease }) => !taken.has(lease.jobId));
      if (open.length > 0) await tellHeld(open, options);
      return;
    } catch (error) {
      if (isRowHeld(error)) return part(open, options);
      if (!isTransient(error) && !open.some(({ isSubstitute }) => isSubstitute))
        return refused(open, { ...options, error });
      log.warn("cannot write outcomes; trying again", { error, outcomes: open.length });
      await pauseUnless(abandoned, Math.min(longestPauseMs, 50 * 2 ** failures));
    }
  }
  for (const entry of open) entry.resolve(false);
}

/** Of outcomes that were not taken, tells those whose lease has passed on from those whose job is in other hands. */
async function tellHeld(entries: readonly Entry[], { jobs, onHeld }: WriteOptions): Promise<void> {
  const held = await jobs.heldLeases(entries.map(({ lease }) => lease));
  for (const entry of entries) if (!held.has(entry.lease.jobId)) entry.resolve(false);
  if (held.size > 0) onHeld(entries.filter(({ lease }) => held.has(lease.jobId)));
}

function part(entries: readonly Entry[], options: WriteOptions): void {
  if (entries.length === 1) return options.onHeld(entries);
  const middle = Math.ceil(entries.length / 2);
  void writeOutcomes(entries.slice(0, middle), options);
  void writeOutcomes(entries.slice(middle), options);
}

type RefusedOptions = WriteOptions & { readonly error: unknown };

/** Writes them one by one. Of one that is refused by itself too, what it said cannot be kept; that it failed can. */
async function refused(entries: readonly Entry[], options: RefusedOptions): Promise<void> {
  const { error, log } = options;
  const [only, another] = entries;
  if (only === undefined) return;
  if (another !== undefined) {
    for (const entry of entries) await writeOutcomes([entry], options);
    return;
  }
  log.error("the database refuses an outcome", {
    error,
    jobId: only.lease.jobId,
    kind: only.settlement.kind,
  });
  const message = "The outcome of the attempt could not be recorded.";
  const settlement = { kind: "retry", message, delaySeconds: null } as const;
  // Until it is taken: the worker's beats would keep the lease of a job that nobody here knows of.
  const substitute = {
    lease: only.lease,
    settlement,
    resolve: () => only.resolve(false),
    isSubstitute: true,
  };
  void writeOutcomes([substitute], options);
}

async function writeBatch(entries: readonly Entry[], options: WriteOptions): Promise<Set<string>> {
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

async function pauseUnless(signal: AbortSignal, ms: number): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => undefined);
}
