import { expect, test } from "bun:test";
import { createSentMemory } from "./sent-memory.ts";

test("what was sent is remembered for a day", () => {
  let now = 0;
  const memory = createSentMemory({ now: () => now });
  memory.add("a", { id: "<1@mg.test>" });
  now = 86_400_000;
  expect(memory.find("a")).toEqual({ id: "<1@mg.test>" });
  now += 1;
  expect(memory.find("a")).toBeUndefined();
});

test("the oldest makes room", () => {
  const memory = createSentMemory({ limit: 2 });
  for (const key of ["a", "b", "c"]) memory.add(key, { id: key });
  expect(["a", "b", "c"].map(memory.find)).toEqual([undefined, { id: "b" }, { id: "c" }]);
});

test("every address that is remembered takes room, and a mail that is whole takes its addresses' place", () => {
  const memory = createSentMemory({ limit: 4 });
  const reached = new Set(["1@a.test", "2@a.test"]);
  memory.add("a", { reached });
  memory.add("b", { id: "b" });
  memory.add("a", { id: "a" });
  for (const key of ["c", "d"]) memory.add(key, { id: key });
  expect(["a", "b", "c", "d"].map((key) => memory.find(key) !== undefined)).toEqual([true, true, true, true]);
  memory.add("e", { reached });
  expect(["a", "b", "c", "d", "e"].map((key) => memory.find(key) !== undefined)).toEqual([
    false,
    false,
    false,
    true,
    true,
  ]);
});
