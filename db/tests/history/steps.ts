import * as fc from "fast-check";
import { kinds } from "./operations.ts";

/** One call that an actor makes. What the fields mean depends on the kind; most kinds use few of them. */
export type Step = {
  readonly kind: (typeof kinds)[number];
  /** Chooses among what the world has: a lease, a job, a run. */
  readonly pick: number;
  readonly count: number;
  readonly tenant: string;
  readonly key: string | null;
  readonly queue: string | null;
  readonly priority: number;
  readonly due: "now" | "past" | "future";
  readonly maxAttempts: number;
  readonly outcome: "retry" | "dead" | "unreachable";
};

/** One transaction of an actor, which stays open for so many round trips before it ends. */
export type Act = {
  readonly steps: readonly Step[];
  readonly commits: boolean;
  readonly lingers: number;
};

/** What several actors do, each over a connection of its own, all at the same time. */
export type Plan = readonly (readonly Act[])[];

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(...kinds),
  pick: fc.nat(10_000),
  count: fc.integer({ min: 1, max: 5 }),
  tenant: fc.constantFrom("5b720132-17d5-424d-9bcb-ee7b17c13d43", "a15ac4e4-2a0d-4d57-a1bc-4f4f4a42a8c1"),
  key: fc.constantFrom(null, null, null, "k1", "k2"),
  queue: fc.constantFrom(null, "q1", "q1", "q2", "q3"),
  priority: fc.integer({ min: -1, max: 1 }),
  due: fc.constantFrom("now", "now", "past", "future"),
  maxAttempts: fc.integer({ min: 1, max: 3 }),
  outcome: fc.constantFrom("retry", "dead", "unreachable"),
});

const act: fc.Arbitrary<Act> = fc.record({
  steps: fc.oneof(
    { weight: 5, arbitrary: fc.array(step, { minLength: 1, maxLength: 1 }) },
    { weight: 1, arbitrary: fc.array(step, { minLength: 2, maxLength: 3 }) },
  ),
  commits: fc.oneof(
    { weight: 6, arbitrary: fc.constant(true) },
    { weight: 1, arbitrary: fc.constant(false) },
  ),
  lingers: fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 40 }) },
  ),
});

/** Draws what `actors` actors do in `acts` transactions each. */
export function plans({ actors, acts }: { readonly actors: number; readonly acts: number }) {
  const actor = fc.array(act, { minLength: acts, maxLength: acts });
  return fc.array(actor, { minLength: actors, maxLength: actors });
}

/** Draws calls for one caller. */
export function steps(maxLength: number): fc.Arbitrary<Step[]> {
  return fc.array(step, { minLength: 1, maxLength, size: "max" });
}
