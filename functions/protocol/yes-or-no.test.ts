import { expect, test } from "bun:test";
import * as z from "zod";
import { yesOrNo } from "./yes-or-no.ts";

test.each([
  [true, ["true", "TRUE", "1", "yes", "on", "y", "enabled"]],
  [false, ["false", "False", "0", "no", "off", "n", "disabled"]],
])("%p is said as %p", (expected, words) => {
  for (const word of words) expect(yesOrNo().parse(word)).toBe(expected);
});

test.each(["perhaps", "", "toString", "truee"])(
  "%j is neither, and what else is wrong is told beside it",
  (word) => {
    const both = z.object({ a: yesOrNo() }).refine(() => false, { error: "the other", when: () => true });
    expect(both.safeParse({ a: word }).error?.issues.map(({ message }) => message)).toEqual([
      "expected true or false",
      "the other",
    ]);
  },
);
