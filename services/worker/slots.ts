import type { LeasedJob } from "#db/jobs";
import type { HeldJobs } from "./held-jobs.ts";
import type { SlotPool } from "./slot-pool.ts";

/** What slots need. */
export type SlotsOptions = {
  /** Requests in flight at once, shared with others where this process serves several databases. */
  readonly pool: SlotPool;
  /**
   * Takes a job to its settled outcome, and gives whether something may be due after it that nobody tells of; never rejects.
   * `onAnswered` frees its slot, before its outcome is written.
   */
  readonly perform: (job: LeasedJob, onAnswered: () => void) => Promise<boolean>;
  /** Where each job is kept from its claim until it is settled or taken back. */
  readonly held: Pick<HeldJobs, "add" | "remove">;
  /** Called after each start, answer and written outcome that leaves half or less of what is claimed ahead: claim more. */
  readonly onFree: () => void;
  /** Called when something may be due after a job that is settled. */
  readonly onFollowed: () => void;
};

/** The requests that a worker has in flight, and the few claimed jobs that are next. */
export type Slots = {
  /** How many more jobs to claim now; 0 while there is enough at hand. */
  readonly wanted: () => number;
  /** How many bytes of payload their jobs may have together. */
  readonly wantedBytes: () => number;
  /** Tasks that they may not be of: those that may hold slots for long, where few slots are left. */
  readonly leftOut: () => readonly string[];
  /** Starts a job, or keeps it until a slot is free. */
  readonly add: (job: LeasedJob) => void;
  /** Tells how long a claim took, in ms: what is claimed ahead follows it. And whether there may be more to claim. */
  readonly claimTook: (ms: number, mayBeMore: boolean) => void;
  /** Tells that a claim has failed. */
  readonly claimFailed: () => void;
  /** How long the first of the jobs that are not started has waited, in ms; 0 where there is none. */
  readonly waitedMs: () => number;
  /** Starts no further job. */
  readonly close: () => void;
  /** Takes back the jobs that were not started, forgets the pace, and gives them. */
  readonly takeBack: () => LeasedJob[];
};

/** Jobs started and not yet written down, for each slot, before no further one is started; a crash repeats them. */
const unsettledPerSlot = 8;

/** The same for the whole worker where slots are few: what one write holds while the next is collected. */
const unsettledAtLeast = 1_024;

/**
 * Payload of the jobs in hand, in bytes, from which on no more are claimed. A byte of payload takes some five of this process (the
 * answer's buffer, its text, the request's body), so this is 160 MB at most, beside one job more.
 */
const payloadLimit = 32 * 1024 * 1024;

/** A task is quick while its answers take no longer than this on average, and no request in flight is older, in ms. */
const quickMs = 50;

/** How often it is looked whether any task is slow, in ms. */
const slowLookMs = 5;

/** Tasks whose pace is remembered at most; enqueuers name tasks. */
const tasksLimit = 1_000;

/**
 * Gives slots for a number of requests in flight.
 *
 * A slot is free as soon as its function has answered, while the outcome is on its way to the database with others. And
 * some jobs are claimed ahead: so many that the half of them that is left when the next claim begins lasts, at the rate of
 * late, for two claims. At low load that is none, so that no job waits here while another worker is idle; at high load it is
 * what keeps every slot busy, and makes one claim of hundreds instead of hundreds of claims.
 *
 * A function that hangs would hold every slot until its requests time out. So while slow tasks hold them all, the pool's extra slots are
 * open to others: claims then leave out the tasks that have requests in flight and are not known to be quick, and take half of
 * what is left at a time, since a task that comes new may hang too.
 */
export function createSlots({ pool, perform, held, onFree, onFollowed }: SlotsOptions): Slots {
  const next: { readonly job: LeasedJob; readonly since: number }[] = [];
  const pace = createPace();
  let unsettled = 0;
  const inHand = createInHand(held);
  let isClosed = false;

  const share = pool.join(() => startNext());
  const unsettledLimit = Math.max(share.limit * unsettledPerSlot, unsettledAtLeast);
  const free = () => (isClosed || unsettled >= unsettledLimit ? 0 : share.free());
  const requests = createRequests(share.extra);
  const start = async (job: LeasedJob) => {
    share.take();
    unsettled += 1;
    pace.started();
    const over = requests.began(job.taskIdentifier);
    const isFollowed = await perform(job, () => {
      over();
      share.give();
      startNext();
    });
    inHand.remove(job);
    unsettled -= 1;
    startNext();
    if (isFollowed) onFollowed();
  };
  const startNext = () => {
    while (next.length > 0 && requests.mayStart(free())) {
      const first = next.shift();
      if (first !== undefined) void start(first.job);
    }
    if (next.length <= pace.ahead() / 2) onFree();
  };

  return {
    wanted: () => {
      const ahead = pace.ahead();
      if (next.length > ahead / 2 || inHand.bytesLeft() <= 0) return 0;
      return requests.wanted(free() - next.length, ahead);
    },
    leftOut: () => requests.leftOut(free() - next.length),
    wantedBytes: inHand.bytesLeft,
    add: (job) => {
      inHand.add(job);
      next.push({ job, since: performance.now() });
      startNext();
    },
    claimTook: (ms, mayBeMore) => {
      pace.claimTook(ms);
      share.wantsMore(mayBeMore);
    },
    claimFailed: () => share.wantsMore(false),
    waitedMs: () => (next[0] === undefined ? 0 : performance.now() - next[0].since),
    close: () => {
      isClosed = true;
    },
    takeBack: () => {
      pace.forget();
      const left = next.splice(0).map(({ job }) => job);
      left.forEach(inHand.remove);
      return left;
    },
  };
}

/** Keeps which jobs are in hand, and how many bytes of payload they have. */
function createInHand(held: SlotsOptions["held"]) {
  let bytes = 0;
  return {
    add: ({ id, payload }: LeasedJob) => {
      held.add(id);
      bytes += payload.length;
    },
    remove: ({ id, payload }: LeasedJob) => {
      held.remove(id);
      bytes -= payload.length;
    },
    bytesLeft: () => payloadLimit - bytes,
  };
}

/** Keeps since when each task has had requests in flight, and how long its answers take; `extra` slots are for tasks beside slow ones. */
function createRequests(extra: () => number) {
  // In the order in which they began, so that the first of a task is its oldest.
  const byTask = new Map<string, Set<{ readonly since: number }>>();
  const answerMs = new Map<string, number>();
  /** Gives the tasks in flight that are slow, taking for granted of one that has not answered yet that it takes so long. */
  const slow = (unknownMs: number): string[] => {
    const before = performance.now() - quickMs;
    const tasks: string[] = [];
    for (const [task, [oldest]] of byTask)
      if ((answerMs.get(task) ?? unknownMs) > quickMs || (oldest !== undefined && oldest.since < before))
        tasks.push(task);
    return tasks;
  };
  let isAnySlow = false;
  let lookedAt = Number.NEGATIVE_INFINITY;
  // Asked at each start and answer, and looked at every few milliseconds.
  const isOpen = () => {
    const now = performance.now();
    if (now - lookedAt > slowLookMs) {
      lookedAt = now;
      isAnySlow = extra() > 0 && slow(0).length > 0;
    }
    return isAnySlow;
  };
  return {
    began: (task: string): (() => void) => {
      const request = { since: performance.now() };
      const ofTask = byTask.get(task) ?? new Set();
      byTask.set(task, ofTask.add(request));
      return () => {
        const ms = performance.now() - request.since;
        ofTask.delete(request);
        if (ofTask.size === 0) byTask.delete(task);
        const [first] = answerMs.size >= tasksLimit && !answerMs.has(task) ? answerMs.keys() : [];
        if (first !== undefined) answerMs.delete(first);
        answerMs.set(task, (answerMs.get(task) ?? ms) * 0.8 + ms * 0.2);
      };
    },
    /** Whether one more request may start with so many slots left. */
    mayStart: (left: number): boolean => left > extra() || (left > 0 && isOpen()),
    /** Gives how many jobs to claim with so many slots left, where `ahead` would be claimed ahead. */
    wanted: (left: number, ahead: number): number => {
      if (!isOpen()) return Math.max(0, left - extra() + ahead);
      return left > extra() ? left - extra() : Math.max(0, Math.ceil(left / 2));
    },
    /** Gives the tasks that get none of so many slots: those that have requests in flight and are not known to be quick. */
    leftOut: (left: number): string[] => (left <= extra() && isOpen() ? slow(Number.POSITIVE_INFINITY) : []),
  };
}

/** What is claimed ahead at most, whatever the pace. */
const aheadLimit = 1_000;

/**
 * The least time for which jobs are claimed ahead while they start fast, in ms. A claim costs Postgres some 700 µs and 9 µs a
 * job, so a claim every 5 ms or so makes them cheap, and 10 ms is no time for a job to wait here.
 */
const aheadMs = 10;

/** Gives how many jobs to claim ahead: as many as start in the time of four claims, or in `aheadMs`, at the pace of late. */
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
    ahead: () => Math.min(aheadLimit, Math.round(startsPerMs * Math.max(aheadMs, claimMs * 4))),
  };
}
