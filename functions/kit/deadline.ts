/** Longest wait a timer can hold, in milliseconds: 24 days. What is to wait longer has no end of its own. */
const timerLimitMs = 2 ** 31 - 1;

/** A signal with an end of its own. */
export type Deadline = {
  /** Aborts when the time is up, with a TimeoutError, or when one of the callers' signals does, with its reason. */
  readonly signal: AbortSignal;
  /** Ends the waiting. Safe to call twice. */
  readonly clear: () => void;
};

/**
 * Gives a deadline that ends with what it was for. AbortSignal.timeout keeps its timer for the whole time, minutes after a job that
 * took milliseconds: at a thousand jobs a second, a leak.
 */
export function startDeadline(ms: number, ...callers: readonly AbortSignal[]): Deadline {
  const controller = new AbortController();
  const end = () => controller.abort(new DOMException("The time is up.", "TimeoutError"));
  const timer = ms > timerLimitMs ? undefined : setTimeout(end, Math.max(ms, 0));
  const stops = callers.map((caller) => {
    const abort = () => controller.abort(caller.reason);
    if (caller.aborted) abort();
    caller.addEventListener("abort", abort, { once: true });
    return () => caller.removeEventListener("abort", abort);
  });
  return {
    signal: controller.signal,
    clear: () => {
      clearTimeout(timer);
      for (const stop of stops) stop();
    },
  };
}

/** Runs work under a deadline, which ends with it. */
export async function withDeadline<T>(
  ms: number,
  callers: readonly AbortSignal[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = startDeadline(ms, ...callers);
  try {
    return await work(deadline.signal);
  } finally {
    deadline.clear();
  }
}
