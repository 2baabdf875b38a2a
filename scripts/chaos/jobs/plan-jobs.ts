import type { Random } from "./seeded-random.ts";

/** What the function does when it is called: each call of a job does the next of its script, and succeeds when there is none. */
export type Deed =
  | "succeed"
  | "succeed slowly"
  | "answer 500"
  | "answer 429"
  | "accept and call back"
  | "accept and forget"
  | "hang"
  | "close early"
  | "close within the answer"
  /** 410, at every call: such a job has to end dead. */
  | "refuse for good";

/** A job of a chaos run. */
export type PlannedJob = {
  /** Its number, in the order of enqueuing. */
  readonly n: number;
  readonly task: string;
  readonly queue: string | null;
  readonly script: readonly Deed[];
};

const shareOfSerial = 0.3;
type Shares = ReadonlyArray<readonly [Deed, number]>;
const sharesOfAll: Shares = [
  ["succeed slowly", 0.12],
  ["accept and call back", 0.08],
  ["answer 500", 0.04],
  ["close early", 0.02],
  ["close within the answer", 0.02],
  ["refuse for good", 0.02],
  ["hang", 0.01],
  ["accept and forget", 0.01],
  ["answer 429", 0.01],
];
/** Without what outlasts a timeout, which is minutes at the defaults. */
const sharesOfPlain: Shares = [
  ["succeed slowly", 0.5],
  ["accept and call back", 0.05],
  ["answer 500", 0.02],
];

/** How the functions of a run are: they do all that functions do, or mostly well. */
export type Temper = "all" | "plain";

/** What to plan. */
export type PlanOptions = { readonly count: number; readonly random: Random; readonly temper: Temper };

/** Plans jobs, some free and some of serial queues, and what the function does with each. */
export function planJobs({ count, random, temper }: PlanOptions): readonly PlannedJob[] {
  const queues = Math.max(5, Math.ceil(count / 200));
  return Array.from({ length: count }, (_, n) => {
    const queue = random.share() < shareOfSerial ? `serial ${random.between(1, queues)}` : null;
    const deed = drawDeed(random, temper === "all" ? sharesOfAll : sharesOfPlain);
    // A task that says 429 is called less for a while: such jobs are other tasks', a few of each, so that the rest goes on.
    const isLimited = deed === "answer 429";
    const task = isLimited ? `limited ${random.between(1, Math.ceil(count / 400))}` : "steady";
    return { n, task, queue: isLimited ? null : queue, script: deed === "succeed" ? [] : [deed] };
  });
}

/** Tells whether a job has to end dead. */
export function isDoomed(job: PlannedJob): boolean {
  return job.script.includes("refuse for good");
}

function drawDeed(random: Random, shares: Shares): Deed {
  let place = random.share();
  for (const [deed, share] of shares) {
    if (place < share) return deed;
    place -= share;
  }
  return "succeed";
}
