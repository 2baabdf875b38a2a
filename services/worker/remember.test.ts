import { expect, test } from "bun:test";
import { remember } from "./remember.ts";

test("an answer is worked out once, until there are too many", () => {
  const asked: string[] = [];
  const answerTo = remember(2, (text) => {
    asked.push(text);
    return { text };
  });
  for (const text of ["a", "b", "a", "b", "c", "c", "a"]) expect(answerTo(text)).toEqual({ text });
  expect(asked).toEqual(["a", "b", "c", "a"]);
});

test("an answer that throws is asked for again", () => {
  let failures = 1;
  const answerTo = remember(2, () => {
    if (failures-- > 0) throw new Error("not yet");
    return {};
  });
  expect(() => answerTo("a")).toThrow("not yet");
  expect(answerTo("a")).toEqual({});
});
