import type { Jobs } from "#db/jobs";
import type { ClaimCursor } from "./claim-cursor.ts";
import type { WorkerRun } from "./worker-run.ts";

/** What resting needs. */
export type RestOptions = {
  readonly jobs: Pick<Jobs, "restWorker" | "nextJob">;
  readonly run: Pick<WorkerRun, "current">;
  readonly back: ClaimCursor;
  readonly pollSeconds: number;
  /** Whether notifications reach this process at the moment; where not, it asks for none. */
  readonly hears: () => boolean;
};

/** A look that found too little: whether it found anything, and when it began, by performance.now(). */
export type LastLook = { readonly hasFound: boolean; readonly beganAt: number };

/** How a worker that found nothing to claim sleeps without missing what comes. */
export type Rest = {
  /** Counts a notification. */
  readonly notified: () => void;
  /** Whether the database has been told that we sleep, and so tells of all that becomes due now. */
  readonly isToldOf: () => boolean;
  /** Gives how long to sleep after a look that found too little, in ms; 0 means to look again at once. */
  readonly sleepMs: (look: LastLook) => Promise<number>;
};

/**
 * More notifications than this in one window, and looking by oneself is cheaper for everybody. Below a thousand a second they
 * hold up no enqueuer, and a job waits less than for a look (bun run bench latency --rate 200: 1.5 ms against 8).
 */
const notificationsPerWindow = 100;
const windowMs = 100;

/** Sleeps between looks without notifications, from the first to the one after which notifications are asked for, in ms. */
const shortestLookMs = 2;
const longestLookMs = 8;

/** The longest sleep where no notification can end it, in ms, if the poll is not shorter: what a job waits for at most. */
const longestUnheardMs = 1_000;

/** The pause before looking again for enqueues that began before we said that we sleep, in ms, doubling. */
const firstStragglerMs = 5;

/** What we last told the database: that we sleep, until when, and which transactions may not have seen it. */
type Asleep = {
  readonly run: string;
  /** By performance.now(). */
  readonly until: number;
  /** Transactions below this number may have enqueued without seeing that we sleep. */
  readonly firstToSee: bigint;
  haveAllSeen: boolean;
};

/**
 * Gives a worker's rest.
 *
 * A notification costs every enqueuer dearly, so enqueuers send one only while some worker has said that it sleeps
 * (db/migrations/0025_wake_workers.sql). Saying so and looking once more leaves one gap: a transaction that enqueued before we
 * said it and commits after we looked. So we note which transactions were under way, and look again until all of
 * those have ended; seldom more than once, since transactions are short.
 *
 * Where many notifications come, as under load, we do without: we say that we are awake and look every few milliseconds,
 * until there has been nothing for a while. Network cards change from interrupts to polling for the same reason.
 *
 * Where no notification reaches us (no listener behind a pooler, or one that was lost), it is the same, only that the looks
 * become as rare as one a second, where they stay.
 */
export function createRest({ jobs, run, back, pollSeconds, hears }: RestOptions): Rest {
  const pollMs = pollSeconds * 1000;
  const crowd = createCrowd();
  let asleep: Asleep | null = null;
  let lookMs = 0;
  let stragglerMs = firstStragglerMs;

  const wakeUp = async (worker: string) => {
    if (asleep === null) return;
    await jobs.restWorker(worker, null);
    asleep = null;
  };

  const fallAsleep = async (worker: string) => {
    const until = performance.now() + pollMs;
    await jobs.restWorker(worker, pollSeconds);
    // In a transaction of its own: what began to write before it may have been before the commit.
    const { nextTransaction, oldestTransaction } = await jobs.nextJob();
    const haveAllSeen = oldestTransaction >= nextTransaction;
    asleep = { run: worker, until, firstToSee: nextTransaction, haveAllSeen };
  };

  return {
    notified: crowd.add,
    isToldOf: () => asleep !== null && hears(),
    sleepMs: async ({ hasFound, beganAt }) => {
      // Sleeping is safe only after a look at everything, or while the next one is not due.
      if (back.lastFloors() !== null && back.untilWholeMs() <= 0) return 0;
      const worker = await run.current();
      if (!hears()) {
        await wakeUp(worker);
        lookMs = hasFound ? shortestLookMs : nextUnheardMs(lookMs, pollMs);
        return await unheardMs(lookMs, { jobs, beganAt });
      }
      if (crowd.isThere()) lookMs = shortestLookMs;
      if (lookMs > 0) {
        await wakeUp(worker);
        lookMs = hasFound ? shortestLookMs : lookMs * 2;
        if (lookMs <= longestLookMs) return lookMs;
        lookMs = 0;
      }
      // Renewed by half time, so that workers that started together soon poll apart.
      if (
        asleep?.run !== worker ||
        asleep.until - performance.now() < pollMs * (0.25 + 0.5 * Math.random())
      ) {
        await fallAsleep(worker);
        return 0;
      }
      const next = await jobs.nextJob(secondsSince(beganAt));
      let patienceMs = asleep.until - performance.now();
      if (back.untilWholeMs() > 0) patienceMs = Math.min(patienceMs, back.untilWholeMs());
      if (asleep.haveAllSeen) stragglerMs = firstStragglerMs;
      else if (next.oldestTransaction >= asleep.firstToSee) {
        asleep.haveAllSeen = true;
        return 0;
      } else {
        patienceMs = Math.min(patienceMs, stragglerMs);
        stragglerMs = Math.min(stragglerMs * 2, pollMs);
      }
      return untilDueMs(patienceMs, next.seconds);
    },
  };
}

const nextUnheardMs = (lookMs: number, pollMs: number) =>
  Math.min(pollMs, longestUnheardMs, Math.max(shortestLookMs, lookMs * 2));

/** Gives how long to sleep where nobody can wake us, in ms: about so long, unless the next job is due before. */
async function unheardMs(
  lookMs: number,
  { jobs, beganAt }: Pick<RestOptions, "jobs"> & Pick<LastLook, "beganAt">,
): Promise<number> {
  if (lookMs <= longestLookMs) return lookMs;
  const { seconds } = await jobs.nextJob(secondsSince(beganAt));
  // Spread, so that workers that started together soon look apart.
  return untilDueMs(lookMs * (0.75 + 0.25 * Math.random()), seconds);
}

const secondsSince = (at: number) => (performance.now() - at) / 1000;

/** Gives how long to sleep, in ms, of `longestMs` at most, where the next delayed job is due in `seconds`. */
const untilDueMs = (longestMs: number, seconds: number | null) =>
  Math.max(1, Math.ceil(Math.min(longestMs, seconds === null ? longestMs : seconds * 1000)));

/** Gives a counter that tells whether more came than is good, in the present window. */
function createCrowd() {
  let count = 0;
  let since = 0;
  return {
    add: () => {
      const now = performance.now();
      if (now - since > windowMs) [count, since] = [0, now];
      count += 1;
    },
    isThere: () => {
      const isCrowd = count > notificationsPerWindow;
      if (isCrowd) count = 0;
      return isCrowd;
    },
  };
}
