import type { LeasedJob } from "#db/jobs";

/** What slots need. */
export type SlotsOptions = {
  /** Requests in flight at once. */
  readonly concurrency: number;
  /**
   * Takes a claimed job to its settled outcome; never rejects. `turn` resolves when it may start, with false where it is
   * given back instead; `onAnswered` frees its slot, before its outcome is written.
   */
  readonly perform: (job: LeasedJob, turn: Promise<boolean>, onAnswered: () => void) => Promise<void>;
  /** Called when a slot is free and nothing claimed waits for it, and when an outcome was written. */
  readonly onFree: () => void;
};

/** The requests that a worker has in flight, and the few claimed jobs that are next. */
export type Slots = {
  /** How many more jobs to claim now; 0 while there is enough at hand. */
  readonly wanted: () => number;
  /** Starts a job, or keeps it until a slot is free. */
  readonly add: (job: LeasedJob) => void;
  /** Tells how long a claim took, in ms: what is claimed ahead follows it. */
  readonly claimTook: (ms: number) => void;
  /** How long the first of the jobs that are not started has waited, in ms; 0 where there is none. */
  readonly waitedMs: () => number;
  /** Takes back the jobs that were not started, forgets the pace, and gives their ids. */
  readonly takeBack: () => string[];
};

/** Jobs started and not yet written down, for each slot, before no further one is started; a crash repeats them. */
const unsettledPerSlot = 4;

/** The same for the whole worker where slots are few: what one write holds while the next is collected. */
const unsettledAtLeast = 64;

/**
 * Gives slots for a number of requests in flight.
 *
 * A slot is free as soon as its function has answered, while the outcome is on its way to the database with others. And
 * some jobs are claimed ahead: as many as start, at the rate of late, while two claims are under way. At low load that is
 * none, so that no job waits here while another worker is idle; at high load it is what keeps every slot busy, and makes
 * one claim of hundreds instead of hundreds of claims.
 */
export function createSlots({ concurrency, perform, onFree }: SlotsOptions): Slots {
  const next: { readonly id: string; readonly since: number; readonly start: (go: boolean) => void }[] = [];
  const pace = createPace();
  let inFlight = 0;
  let unsettled = 0;

  const unsettledLimit = Math.max(concurrency * unsettledPerSlot, unsettledAtLeast);
  const hasRoom = () => inFlight < concurrency && unsettled < unsettledLimit;
  const startNext = () => {
    while (hasRoom()) {
      const job = next.shift();
      if (job === undefined) break;
      inFlight += 1;
      unsettled += 1;
      pace.started();
      job.start(true);
    }
    if (next.length <= pace.ahead() / 2) onFree();
  };

  return {
    wanted: () => {
      const ahead = pace.ahead();
      const free = hasRoom() ? concurrency - inFlight : 0;
      return next.length > ahead / 2 ? 0 : Math.max(0, free + ahead - next.length);
    },
    add: (job) => {
      const turn = Promise.withResolvers<boolean>();
      next.push({ id: job.id, since: performance.now(), start: turn.resolve });
      const answered = () => {
        inFlight -= 1;
        startNext();
      };
      void perform(job, turn.promise, answered).then(() => {
        unsettled -= 1;
        startNext();
      });
      startNext();
    },
    claimTook: pace.claimTook,
    waitedMs: () => (next[0] === undefined ? 0 : performance.now() - next[0].since),
    takeBack: () => {
      pace.forget();
      const left = next.splice(0);
      for (const { start } of left) start(false);
      return left.map(({ id }) => id);
    },
  };
}

/** What is claimed ahead at most, whatever the pace. */
const aheadLimit = 1_000;

/** Gives how many jobs start while two claims are under way, by the pace of the last few claims. */
function createPace() {
  let starts = 0;
  let since = performance.now();
  let startsPerMs = 0;
  let claimMs = 1;
  return {
    forget: () => {
      startsPerMs = 0;
    },
    started: () => {
      starts += 1;
    },
    claimTook: (ms: number) => {
      const now = performance.now();
      const mix = (old: number, latest: number) => old * 0.7 + latest * 0.3;
      claimMs = mix(claimMs, ms);
      startsPerMs = mix(startsPerMs, starts / Math.max(now - since, 0.1));
      starts = 0;
      since = now;
    },
    ahead: () => Math.min(aheadLimit, Math.round(startsPerMs * claimMs * 2)),
  };
}
