import { compareIds } from "#db/claims";
import type { Floor, Floors, LeasedJob } from "#db/jobs";

/** How far back one look goes. */
export type Reach = {
  /** What to leave out; null to look at everything. */
  readonly floors: Floors;
  /** Number of its length, from 0 for the shortest; Infinity for everything. */
  readonly length: number;
  /** Whether it is so slow, and jobs so many, that others should go on beside it. */
  readonly isBeside: boolean;
};

/** A look at the database that is over. */
export type PastLook = {
  readonly reach: Reach;
  /** How many blocks it touched (Claimed.blocks). */
  readonly blocks: number;
  readonly claimed: readonly Pick<LeasedJob, "id" | "taskIdentifier" | "priority" | "runAtUs">[];
  /** Whether it found all that it asked for, so that there may be more. */
  readonly wasFilled: boolean;
};

/** How far back looks for due jobs go. */
export type ClaimCursor = {
  /** Gives how far to look next; `looked` or `failed` is to be told of it. */
  readonly reach: () => Reach;
  readonly looked: (look: PastLook) => void;
  /** Told that a look came to nothing. */
  readonly failed: (reach: Reach) => void;
  /** Gives the floors of the last look. */
  readonly lastFloors: () => Floors;
  /**
   * In how many ms the next look at everything comes, 0 or less when the last one was one, so that a sleep is safe; Infinity
   * while one is under way beside, whose end wakes the sleeper.
   */
  readonly untilWholeMs: () => number;
};

/** Least time between two looks at everything while jobs are plenty, in ms. */
const wholeEveryMs = 50;

/** What touching a block costs, in ms: pages of dead index entries 3 µs, rows that an old snapshot keeps 0.4 µs (measured). */
const blockMs = 0.001;

/** Blocks that a claim touches for each job that it takes, and besides; what is beyond was passed. */
const blocksPerJob = 16;
const blocksPerLook = 64;

/** A look at everything that passed more than takes this long is slow, in ms. */
const slowMs = 2;

/** The longest wait for the next look at everything, in ms, whatever the last one passed. */
const longestWaitMs = 5_000;

/** Share of the time that looks at everything may take, and looks of each other length but the shortest. */
const wholeShare = 0.05;
const lengthShare = 0.02;

/** How far the second shortest look goes back, in ms; the shortest begins at the last claimed job. */
const firstBackMs = 100;

/** With more priorities of tasks than this in use, every look is at everything. */
const placesLimit = 32;

type Place = Pick<LeasedJob, "id" | "taskIdentifier" | "priority" | "runAtUs">;

/**
 * Gives a worker's way not to pass again and again what it has claimed already.
 *
 * The entry of a claimed job stays in the index until vacuum comes, a minute or so, and a claim from the front passes all of
 * them: at twenty thousand jobs a second that is milliseconds for each claim soon (batches of 20 took 50 µs a job after a
 * hundred thousand, of which 40 were for that). Where a session holds an old snapshot (a backup, a forgotten transaction) they
 * stay as long as it lives, and after minutes of it a look at everything takes seconds.
 *
 * So while jobs are plenty, looks begin at the last claimed job. What came before it since, because it was committed late or
 * given back, is seen by looks at everything, every 50 ms; and where those are slow, they take a twentieth of the time, and
 * every fourth look goes back by a little, every sixteenth by twice as much, and so on, each length rationed too, so that a
 * job that is late by t is seen after some t of looking, and at the latest after 5 s. Where jobs are few, each look is at everything.
 *
 * What a look passes is told by the blocks that it touched. Its time says something else: a lock, a flush or a busy machine make a
 * look long in which nothing was in the way, and then jobs would wait for nothing.
 */
export function createClaimCursor(now: () => number = () => performance.now()): ClaimCursor {
  const places = createPlaces();
  const whole = { ms: 0, at: Number.NEGATIVE_INFINITY };
  const rations = new Map<number, { readonly ms: number; readonly at: number }>();
  let last: Floors = null;
  let wasFilled = false;
  let count = 0;
  let isBeside = false;

  const isSlow = () => whole.ms > slowMs;
  const untilWhole = () =>
    whole.at + Math.min(Math.max(wholeEveryMs, whole.ms / wholeShare), longestWaitMs) - now();
  const isWholeDue = () =>
    !places.areKnown() || (!isBeside && (untilWhole() <= 0 || !(wasFilled || isSlow())));

  const isBesideDue = () => isSlow() && wasFilled && places.areKnown();

  const longestAllowed = () => {
    count += 1;
    for (let length = Math.floor(trailingZeros(count) / 2); length > 0; length--) {
      const ration = rations.get(length);
      if (ration === undefined || now() >= ration.at + ration.ms / lengthShare) return length;
    }
    return 0;
  };

  return {
    reach: () => {
      if (isWholeDue()) {
        const reach = { floors: null, length: Number.POSITIVE_INFINITY, isBeside: isBesideDue() };
        isBeside ||= reach.isBeside;
        return reach;
      }
      const length = longestAllowed();
      return { floors: places.floors(length), length, isBeside: false };
    },
    looked: (look) => {
      if (look.reach.isBeside) isBeside = false;
      else {
        last = look.reach.floors;
        wasFilled = look.wasFilled;
      }
      const passed = look.blocks - blocksPerLook - blocksPerJob * look.claimed.length;
      const spent = { ms: passed * blockMs, at: now() };
      if (look.reach.floors === null) Object.assign(whole, spent);
      else rations.set(look.reach.length, spent);
      places.note(look);
    },
    failed: (reach) => {
      if (reach.isBeside) isBeside = false;
    },
    lastFloors: () => last,
    untilWholeMs: () => {
      if (last === null || !isSlow()) return 0;
      return isBeside ? Number.POSITIVE_INFINITY : untilWhole();
    },
  };
}

/** Keeps the place of the last claimed job of each priority of each task. */
function createPlaces() {
  const latest = new Map<string, Place>();
  const keyOf = ({ taskIdentifier, priority }: Place) => `${priority} ${taskIdentifier}`;
  return {
    areKnown: () => latest.size > 0 && latest.size <= placesLimit,
    floors: (length: number): Floors => [...latest.values()].map((place) => floorAt(place, length)),
    note: ({ reach, claimed, wasFilled }: PastLook) => {
      // Where a look at everything found plenty, there may be more behind it: of a task that was out of reach, for one.
      if (reach.floors === null && wasFilled) for (const place of claimed) latest.delete(keyOf(place));
      for (const { taskIdentifier, priority, id, runAtUs } of claimed) {
        if (!Number.isFinite(runAtUs)) continue;
        const place = { taskIdentifier, priority, id, runAtUs };
        const before = latest.get(keyOf(place));
        if (before === undefined || isLater(place, before)) latest.set(keyOf(place), place);
      }
      // Enqueuers name tasks: what would be too many to say need not be kept.
      if (latest.size > 2 * placesLimit) latest.clear();
    },
  };
}

function floorAt({ taskIdentifier, priority, id, runAtUs }: Place, length: number): Floor {
  if (length === 0) return [taskIdentifier, priority, runAtUs, id];
  return [taskIdentifier, priority, runAtUs - firstBackMs * 1_000 * 2 ** (length - 1), "0"];
}

function isLater(a: Place, b: Place): boolean {
  return a.runAtUs > b.runAtUs || (a.runAtUs === b.runAtUs && compareIds(a.id, b.id) > 0);
}

function trailingZeros(count: number): number {
  return 31 - Math.clz32(count & -count);
}
