import { z } from "zod";

/** What becomes of ticks whose time passed while they could not be run, as while no scheduler ran. */
export type Missed = "latest" | "skip" | { readonly all: number };

/** What a schedule_info says besides when it ticks. */
export type Policies = {
  /** latest: the latest of them makes one job. skip: none does. all: each of the latest so many does. */
  readonly missed: Missed;
  /** skip: a tick makes no job while the previous job waits or runs. allow: it does. */
  readonly overlap: "skip" | "allow";
  /** Jobs are spread over so many seconds after their ticks; 0 for none. */
  readonly jitterSeconds: number;
};

// What is made up for at most. A schedule that wants more wants a job that takes a range, not one job a tick.
const mostMissed = 1_000;

const longestJitterSeconds = 86_400;

const expectedMissed = `expected "latest", "skip" or {"all": LIMIT} with a limit from 1 to ${mostMissed}`;
const fieldName = "the name of a field, 1 to 100 characters";

/** The policies as keys of a schedule_info; null counts as not given. */
export const policyFields = {
  missed: z
    .union([z.enum(["latest", "skip"]), z.object({ all: z.int() })], { error: expectedMissed })
    .refine((missed) => typeof missed === "string" || (missed.all >= 1 && missed.all <= mostMissed), {
      error: expectedMissed,
    })
    .nullish(),
  overlap: z.enum(["skip", "allow"], { error: 'expected "skip" or "allow"' }).nullish(),
  jitterSeconds: z
    .number({ error: "expected a number of seconds" })
    .min(0, { error: "expected seconds, none below 0" })
    .max(longestJitterSeconds, { error: `expected at most ${longestJitterSeconds} seconds, a day` })
    .nullish(),
  // Read by make_scheduled_job alone.
  scheduledAtField: z
    .string({ error: `expected ${fieldName}` })
    .min(1, { error: `expected ${fieldName}` })
    .max(100, { error: `expected ${fieldName}` })
    .nullish(),
};

type Given = {
  readonly missed?: Missed | null | undefined;
  readonly overlap?: Policies["overlap"] | null | undefined;
  readonly jitterSeconds?: number | null | undefined;
};

/** Gives the policies with their defaults, or why they contradict each other. */
export function readPolicies(given: Given): Policies | { readonly fault: string } {
  const missed = given.missed ?? "latest";
  const overlap = given.overlap ?? "skip";
  // The first job of those made up for would hold back all the others.
  if (typeof missed === "object" && overlap === "skip")
    return { fault: 'has missed {"all": …} without overlap "allow": each job would hold back the next' };
  return { missed, overlap, jitterSeconds: given.jitterSeconds ?? 0 };
}

/**
 * Gives how many seconds after its ticks a schedule's jobs are due: the same at each tick, so that its period stays regular,
 * and spread evenly over schedules that were added one after another (multiples of the golden ratio, modulo 1).
 */
export function jitterOf(scheduleId: string, jitterSeconds: number): number {
  const share = (Number(BigInt(scheduleId) % 1_000_000_007n) * 0.618_033_988_749_895) % 1;
  return share * jitterSeconds;
}
