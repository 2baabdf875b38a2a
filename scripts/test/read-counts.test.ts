import { expect, test } from "bun:test";
import { readCheckCounts, readTestCounts, summaryLine } from "./read-counts.ts";

const summary =
  " 3 pass\n 1 skip\n 1 todo\n 4 fail\n 1 error\n 1 expect() calls\nRan 9 tests across 4 files. [12.00ms]\n";

test("the counts of a test run are those of its summary", () => {
  expect(readTestCounts(`x.test.ts:\n(pass) 7 pass\n 7 pass\n\n${summary}`, 1)).toEqual({
    passed: 3,
    failed: 4,
    skipped: 2,
  });
});

test("a coloured summary counts alike", () => {
  const coloured =
    "\n\u001b[0m\u001b[32m 2 pass\u001b[0m\n\u001b[2m 0 fail\u001b[0m\nRan 2 tests across 1 file. \u001b[2m[9.00ms]\u001b[0m\n";
  expect(readTestCounts(coloured, 0)).toEqual({ passed: 2, failed: 0, skipped: 0 });
});

test.each([
  ["a run that crashed", "x.test.ts:\n(pass) a\npanic: segmentation fault\n", 0],
  ["a run that found no test", "error: 0 test files matching\n", 0],
  ["a run whose preload failed after its tests", " 5 pass\n 0 fail\nRan 5 tests across 1 file. [1ms]\n", 5],
])("%s has a failure", (_, output, passed) => {
  expect(readTestCounts(output, 1)).toEqual({ passed, failed: 1, skipped: 0 });
});

test("each check counts as one", () => {
  expect(readCheckCounts("✓ a\n✗ b\n\n  fault\n\n16 checks passed, 1 failed\n")).toEqual({
    passed: 16,
    failed: 1,
    skipped: 0,
  });
  expect(readCheckCounts("error: Cannot find package\n")).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

test("the last line adds all up, and tells of skipped tests where there are any", () => {
  const one = { passed: 2, failed: 1, skipped: 0 };
  expect(summaryLine([one, one])).toBe("4 passed, 2 failed");
  expect(summaryLine([one, { ...one, skipped: 3 }])).toBe("4 passed, 2 failed, 3 skipped");
});
