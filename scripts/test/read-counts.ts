/** How many checks or tests passed, failed and were skipped. */
export type Counts = { readonly passed: number; readonly failed: number; readonly skipped: number };

/** What counts where a run ended without telling its counts: it crashed. */
const crash: Counts = { passed: 0, failed: 1, skipped: 0 };

/**
 * Gives the counts of a `bun test` run from what it printed and its exit code. A run that failed has at least one failure,
 * also where no test is to blame: it crashed, or found no test.
 *
 * The text is read rather than the JUnit report, since a file that cannot be loaded is missing from the report.
 */
export function readTestCounts(output: string, exitCode: number): Counts {
  const summaries = Bun.stripANSI(output).match(/(?:^ *\d+ [a-z][a-z() ]*\n)+Ran \d+ tests? across /gm);
  const summary = summaries?.at(-1);
  if (summary === undefined) return crash;
  const count = (word: string) => Number(summary.match(new RegExp(`^ *(\\d+) ${word}$`, "m"))?.[1] ?? 0);
  const failed = count("fail");
  return {
    passed: count("pass"),
    failed: exitCode === 0 ? failed : Math.max(failed, 1),
    skipped: count("skip") + count("todo"),
  };
}

/** Gives the counts of a run of scripts/check.ts from what it printed. */
export function readCheckCounts(output: string): Counts {
  const summary = output.match(/^(\d+) checks passed, (\d+) failed\s*$/m);
  if (summary === null) return crash;
  return { passed: Number(summary[1]), failed: Number(summary[2]), skipped: 0 };
}

/** Gives the line that a test run ends with. */
export function summaryLine(counts: readonly Counts[]): string {
  const sum = (key: keyof Counts) => counts.reduce((total, one) => total + one[key], 0);
  const skipped = sum("skipped");
  return `${sum("passed")} passed, ${sum("failed")} failed${skipped === 0 ? "" : `, ${skipped} skipped`}`;
}
