import { expect, test } from "bun:test";
import { startDeadline, withDeadline } from "./deadline.ts";

const reasonOf = (signal: AbortSignal) =>
  new Promise<unknown>((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    signal.addEventListener("abort", () => resolve(signal.reason));
  });

test("a deadline aborts with a TimeoutError when the time is up", async () => {
  for (const ms of [1, 0, -5]) {
    using deadline = withDispose(startDeadline(ms));
    expect(await reasonOf(deadline.signal)).toMatchObject({ name: "TimeoutError" });
  }
});

test("a caller's signal aborts it with the caller's reason, also one that has aborted before", () => {
  const [first, second] = [new AbortController(), new AbortController()];
  const deadline = startDeadline(Number.POSITIVE_INFINITY, first.signal, second.signal);
  second.abort("enough");
  expect([deadline.signal.aborted, deadline.signal.reason]).toEqual([true, "enough"]);
  expect(startDeadline(60_000, second.signal).signal.reason).toBe("enough");
});

test("once cleared, it aborts no more and listens to nobody", async () => {
  const caller = new AbortController();
  const deadline = startDeadline(0, caller.signal);
  deadline.clear();
  deadline.clear();
  caller.abort();
  await reasonOf(startDeadline(1).signal);
  expect(deadline.signal.aborted).toBe(false);
});

test("work under a deadline gives its result or its fault, and the deadline is over with it", async () => {
  const signals: AbortSignal[] = [];
  const caller = new AbortController();
  const note = (signal: AbortSignal) => signals.push(signal);
  expect(await withDeadline(60_000, [caller.signal], async (signal) => note(signal))).toBe(1);
  const failing = withDeadline(60_000, [caller.signal], async (signal) => {
    note(signal);
    throw new Error("no");
  });
  expect(failing).rejects.toThrow("no");
  await failing.catch(() => {});
  caller.abort();
  expect(signals.map(({ aborted }) => aborted)).toEqual([false, false]);
});

function withDispose(deadline: ReturnType<typeof startDeadline>) {
  return { ...deadline, [Symbol.dispose]: deadline.clear };
}
