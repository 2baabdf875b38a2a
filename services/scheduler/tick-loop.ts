import { setTimeout as pause } from "node:timers/promises";
import type { Schedules } from "#db/schedules";
import type { Loop } from "../health/loops.ts";
import type { Log } from "../log/log.ts";
import { lookAtSchedules } from "./look.ts";
import { createRests } from "./rests.ts";

/** What a tick loop needs. */
export type TickLoopOptions = {
  readonly schedules: Schedules;
  readonly pollSeconds: number;
  readonly loop: Loop;
  readonly log: Log;
  /** Gives milliseconds; only differences are used (the process's own clock). */
  readonly clock?: () => number;
};

/** A loop that runs ticks. */
export type TickLoop = {
  /** Makes it look at once: a schedule may be new or changed. */
  readonly wake: () => void;
  /** Why it has not looked at the schedules lately, or null. */
  readonly fault: () => string | null;
  /** Stops it and resolves when the look under way is over. Nothing is lost: all state is in the database. */
  readonly drain: () => Promise<void>;
};

const longestBackoffMs = 5_000;

/**
 * Runs every tick of every schedule once, whatever number of such loops there are.
 *
 * Problem: a tick must become a job exactly once while schedulers start, stop, crash and run side by side, and while
 * their clocks disagree. So no scheduler keeps anything: a row's next_tick and ticked_until are all the state, and the
 * database's clock says what is due. States of a row: unread (next_tick null) → planned → planned for the following tick, and
 * so on → over (infinity); or unusable (schedule_error); any of them may be paused. A changed rule and a resumption make a
 * row unread again, by trigger.
 *
 * Invariant: next_tick and ticked_until move past a tick in the transaction that inserts its job, and only if next_tick still
 * is the tick that this scheduler read and ticked_until lies before it (run_scheduled_tick). A loop that dies before the
 * commit has done nothing, and another loop finds the row due; one that dies after it has nothing left to do. ticked_until
 * only rises, so a clock set back, or a look whose reading of the clock is stale, settles no tick twice.
 *
 * Between looks it sleeps until the earliest next tick, reckoned by the database, or a notification, or the poll. A tick
 * that another loop is just running when this one comes by is left to it and looked for again a second later.
 */
export function startTickLoop(options: TickLoopOptions): TickLoop {
  const { schedules, pollSeconds, loop, log, clock = () => performance.now() } = options;
  const rests = createRests(clock);
  const stopping = new AbortController();
  let alarm = new AbortController();
  let lastLookAt = clock();

  const sleep = async (ms: number) => {
    await pause(ms, undefined, { signal: alarm.signal }).catch(() => undefined);
    if (!stopping.signal.aborted) alarm = new AbortController();
  };

  const restMs = async (now: Date): Promise<number> => {
    // Spread over the second half of the interval, so that schedulers that started together do not poll together.
    const pollMs = pollSeconds * 1000 * (0.5 + 0.5 * Math.random());
    const nextSeconds = await schedules.secondsToNext(now);
    const nextMs = nextSeconds === null ? pollMs : Math.max(0, nextSeconds * 1000);
    return Math.ceil(Math.min(pollMs, nextMs, rests.nextEndMs() ?? pollMs));
  };

  const running = (async () => {
    while (!stopping.signal.aborted) {
      try {
        const look = await lookAtSchedules({ schedules, rests, log });
        const ms = look.isMore ? 0 : await restMs(look.now);
        lastLookAt = clock();
        loop.succeeded();
        if (ms > 0) await sleep(ms);
      } catch (error) {
        if (stopping.signal.aborted) break;
        const failures = loop.failed(error);
        log.warn("cannot look at the schedules; trying again", { error, failures });
        const backoffMs = Math.min(longestBackoffMs, 100 * 2 ** failures);
        await pause(backoffMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
  })();

  return {
    wake: () => alarm.abort(),
    fault: () => {
      const seconds = (clock() - lastLookAt) / 1000;
      if (seconds < pollSeconds * 2 + 10) return null;
      return `the schedules were last looked at ${Math.round(seconds)} s ago`;
    },
    drain: async () => {
      stopping.abort();
      alarm.abort();
      await running;
    },
  };
}
