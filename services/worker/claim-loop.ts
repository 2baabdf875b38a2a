import type { Jobs } from "#db/jobs";
import type { Loop } from "../health/loops.ts";
import type { Log } from "../log/log.ts";
import { createClaimCursor } from "./claim-cursor.ts";
import type { HeldJobs } from "./held-jobs.ts";
import { createLook, type Look } from "./look.ts";
import { createRest, type LastLook, type Rest } from "./rest.ts";
import type { Settler } from "./settle.ts";
import type { SlotPool } from "./slot-pool.ts";
import { createSlots, type Slots, type SlotsOptions } from "./slots.ts";
import type { TaskHealth } from "./task-health.ts";
import { createWakeSignal } from "./wake-signal.ts";
import type { WorkerRun } from "./worker-run.ts";

/** What a claim loop needs. */
export type ClaimLoopOptions = {
  readonly jobs: Pick<Jobs, "getJobs" | "nextJob" | "restWorker" | "releaseStrays">;
  readonly run: Pick<WorkerRun, "current" | "lose" | "keeps">;
  readonly perform: SlotsOptions["perform"];
  /** Whether notifications reach this process at the moment. */
  readonly hears: () => boolean;
  readonly held: HeldJobs;
  readonly settler: Pick<Settler, "takeCompleted">;
  readonly health: TaskHealth;
  readonly pool: SlotPool;
  /** The tasks that this worker takes; null for all. */
  readonly tasks: readonly string[] | null;
  readonly pollSeconds: number;
  readonly loop: Loop;
  readonly log: Log;
};

/** A loop that keeps the slots of a worker filled. */
export type ClaimLoop = {
  /** Makes it look at once: something may be due. */
  readonly wake: () => void;
  /** The same, told by the database. */
  readonly notified: () => void;
  /** Forgets the jobs that were not started: their lease is lost. */
  readonly forgetUnstarted: () => void;
  /** Stops claiming, gives back what was not started, and resolves. Jobs in flight go on. */
  readonly stop: () => Promise<void>;
};

/** How long a job may be claimed without being started, in ms, before another worker should have it. */
const patienceMs = 1_000;

/**
 * Claims as many jobs as the slots want, whenever there may be some: one alone at low load, hundreds at high load.
 *
 * A claim that comes back short means that nothing more is due; then the loop sleeps until a notification, a job's end that may
 * be followed by another, the next job's time, or the poll, whichever is first. Notifications only shorten that sleep: polling
 * alone finds every job. While they come, a slot that becomes free is no reason to look: at low load that was two looks of three.
 */
export function startClaimLoop(options: ClaimLoopOptions): ClaimLoop {
  const signal = createWakeSignal();
  let isFull = false;
  const slots = createSlots({
    ...options,
    onFree: () => {
      if (isFull || look.hasLeftOut() || !rest.isToldOf()) signal.wake();
    },
    onFollowed: signal.wake,
  });
  const back = createClaimCursor();
  const look = createLook({ ...options, slots, back, onBesideOver: signal.wake });
  const rest = createRest({ ...options, back });
  const stopping = new AbortController();
  // What waits here for a slot may have to be given back, whether or not something wakes us.
  const waitAtMost = (ms: number) => signal.wait(slots.waitedMs() > 0 ? Math.min(ms, patienceMs) : ms);

  const running = (async () => {
    while (!stopping.signal.aborted) {
      try {
        if (slots.waitedMs() > patienceMs) await giveBackUnstarted(options, { slots, look });
        const beganAt = performance.now();
        const found = slots.wanted() === 0 ? "enough" : await look.once();
        options.loop.succeeded();
        if (found !== "enough")
          await waitAtMost(await sleepMs(rest, options.health, { hasFound: found === "some", beganAt }));
        else if (slots.wanted() === 0) {
          isFull = true;
          await waitAtMost(options.pollSeconds * 1000);
          isFull = false;
        }
      } catch (error) {
        const failures = options.loop.failed(error);
        options.log.warn("cannot claim jobs; trying again", { error, failures });
        await signal.wait(Math.min(5_000, 100 * 2 ** failures));
      }
    }
  })();

  return {
    wake: signal.wake,
    notified: () => {
      rest.notified();
      signal.wake();
    },
    forgetUnstarted: () => {
      takeBack(options, slots);
    },
    stop: async () => {
      stopping.abort();
      slots.close();
      signal.wake();
      await running;
      await giveBackUnstarted(options, { slots, look });
    },
  };
}

type Unstarted = { readonly slots: Slots; readonly look: Look };

async function giveBackUnstarted(options: ClaimLoopOptions, { slots, look }: Unstarted): Promise<void> {
  const { jobs, run, held, log } = options;
  // What a look beside has claimed is known only when it is over.
  await look.whenNoneBeside();
  if (takeBack(options, slots) === 0) return;
  try {
    const count = await jobs.releaseStrays(await run.current(), held.ids());
    log.info("jobs given back that were not started", { count });
  } catch (error) {
    // Nobody here knows of them any more, and their lease is kept with the others.
    look.mayHaveStrays();
    log.warn("cannot give jobs back yet", { error });
  }
}

/** Takes back the jobs that were not started, and gives their number. One of them may have been on trial. */
function takeBack({ health }: Pick<ClaimLoopOptions, "health">, slots: Slots): number {
  const left = slots.takeBack();
  for (const { taskIdentifier } of left) health.endTrial(taskIdentifier);
  return left.length;
}

async function sleepMs(rest: Rest, health: TaskHealth, look: LastLook): Promise<number> {
  const ms = await rest.sleepMs(look);
  return Math.min(ms, health.nextTrialMs(Date.now()) ?? ms);
}
