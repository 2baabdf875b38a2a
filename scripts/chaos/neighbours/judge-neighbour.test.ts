import { describe, expect, test } from "bun:test";
import { boundOf, type Delays, judgeNeighbour, type Try } from "./judge-neighbour.ts";

const delays = (startMs: number, enqueueMs = 2): Delays => ({ startMs, enqueueMs });

/** A try of this start delay before and during, beside a service that noticed nothing. */
const tryOf = (before: number, during: number, more: Partial<Try> = {}): Try => ({
  undisturbed: delays(before),
  disturbed: delays(during),
  beside: delays(6),
  missing: 0,
  ...more,
});

test.each([
  [0, 25],
  [1, 26],
  [25, 50],
  [40, 80],
])("undisturbed %d ms, at most %d", (undisturbed, bound) => {
  expect(boundOf(undisturbed)).toBe(bound);
});

describe("one try", () => {
  test("at the bound is met, and settled", () => {
    const judgement = judgeNeighbour([tryOf(5, 30)]);
    expect(judgement).toMatchObject({ verdict: "met", isSettled: true, boundMs: 30 });
  });

  test("past it is not met, and tried again", () => {
    expect(judgeNeighbour([tryOf(5, 30.1)])).toMatchObject({ verdict: "not met", isSettled: false });
  });

  test("far past it needs no other, unless the service beside was late too", () => {
    expect(judgeNeighbour([tryOf(5, 311)]).isSettled).toBeTrue();
    expect(judgeNeighbour([tryOf(5, 311, { beside: delays(500) })]).isSettled).toBeFalse();
  });

  test("whose enqueuing is held up is not met, though jobs start at once", () => {
    expect(judgeNeighbour([tryOf(5, 5, { disturbed: delays(5, 27.1) })]).verdict).toBe("not met");
  });

  test("that a job is missing from is not met, however soon the others started and however full the machine", () => {
    const beside = delays(500);
    expect(judgeNeighbour([tryOf(5, 5, { missing: 1, beside })])).toMatchObject({
      verdict: "not met",
      isSettled: true,
      missing: 1,
    });
  });

  test("without a figure is not met", () => {
    expect(judgeNeighbour([tryOf(5, Number.NaN)]).verdict).toBe("not met");
    expect(judgeNeighbour([tryOf(Number.NaN, 5)]).verdict).toBe("not met");
  });

  test("is the machine's where it is within the bound by the service beside, in starting and enqueuing", () => {
    const late = (during: Delays, beside: Delays) =>
      judgeNeighbour([tryOf(5, 5, { disturbed: during, beside })]).verdict;
    expect(late(delays(90), delays(45))).toBe("machine full");
    expect(late(delays(90.1), delays(45))).toBe("not met");
    expect(late(delays(5, 90), delays(5, 45))).toBe("machine full");
    expect(late(delays(5, 90.1), delays(45, 45))).toBe("not met");
  });
});

describe("several tries", () => {
  test("are judged by their medians", () => {
    expect(judgeNeighbour([tryOf(5, 90), tryOf(6, 20), tryOf(40, 31)])).toMatchObject({
      verdict: "met",
      undisturbed: delays(6),
      disturbed: delays(31),
    });
    expect(judgeNeighbour([tryOf(5, 90), tryOf(6, 20), tryOf(7, 33)]).verdict).toBe("not met");
  });

  test("are three at most", () => {
    const tries = Array.from({ length: 3 }, () => tryOf(5, 90));
    const settled = [1, 2, 3].map((count) => judgeNeighbour(tries.slice(0, count)).isSettled);
    expect(settled).toEqual([false, false, true]);
  });

  test("of others before tell what is undisturbed, and nothing else", () => {
    const others = [tryOf(20, 9_000, { missing: 3 }), tryOf(21, 9_000)];
    expect(judgeNeighbour([tryOf(4, 45)], others)).toMatchObject({
      verdict: "met",
      undisturbed: delays(20),
      disturbed: delays(45),
      missing: 0,
    });
  });
});
