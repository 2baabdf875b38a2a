import { expect, test } from "bun:test";
import { createSentMemory } from "./sent-memory.ts";

test("what was sent is remembered for a day", () => {
  let now = 0;
  const memory = createSentMemory({ now: () => now });
  memory.add("a", "<1@mg.test>");
  now = 86_400_000;
  expect(memory.find("a")).toBe("<1@mg.test>");
  now += 1;
  expect(memory.find("a")).toBeUndefined();
});

test("the oldest makes room", () => {
  const memory = createSentMemory({ limit: 2 });
  for (const key of ["a", "b", "c"]) memory.add(key, key);
  expect(["a", "b", "c"].map(memory.find)).toEqual([undefined, "b", "c"]);
});
