import { expect, test } from "bun:test";
import { shortConfigurations } from "./configurations.ts";
import { explore } from "./explore.ts";
import { type Invariant, invariants, liveness } from "./invariants.ts";
import { mutations } from "./mutations.ts";
import { rules } from "./rules.ts";

test.each(Object.values(shortConfigurations))(
  "$name: whatever happens in whatever order, all holds",
  (configuration) => {
    const { states, broken } = explore({ configuration, rules });
    expect(broken).toBeNull();
    expect(states).toBeGreaterThan(1000);
  },
);

test.each(mutations)("where $name, the checker finds it", ({ change, where, breaks }) => {
  const only: Invariant[] = invariants.filter(({ sentence }) => sentence === breaks);
  const model = { configuration: shortConfigurations[where], rules: { ...rules, ...change } };
  const { broken } = explore(model, { only, checksLiveness: breaks === liveness });
  expect(broken?.sentence).toBe(breaks);
  expect(broken?.trace).not.toEqual([]);
});

test("every invariant is broken by a mutation", () => {
  const broken = new Set<string>(mutations.map(({ breaks }) => breaks));
  expect([...invariants.map(({ sentence }) => sentence), liveness].filter((one) => !broken.has(one))).toEqual(
    [],
  );
});

test("a counterexample is shortest, and reads as what happened", () => {
  const change = { isClaimable: () => true };
  const model = { configuration: shortConfigurations.response, rules: { ...rules, ...change } };
  const { broken } = explore(model);
  expect(broken?.trace).toEqual(["enqueue job 1", "worker A claims job 1", "worker A claims job 1"]);
});

test("the fence alone keeps every promise of safety: a worker that lost its lease may forget nothing and report late", () => {
  const model = { configuration: shortConfigurations.response, rules: { ...rules, forgetsWhenLost: false } };
  expect(explore(model, { checksLiveness: false }).broken).toBeNull();
});
