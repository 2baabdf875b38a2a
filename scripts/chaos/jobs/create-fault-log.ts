/** What a run did to the system, or saw happen to it. Times are in ms since the process began. */
export type Fault = {
  /**
   * `killed` and `frozen`: a worker. `lease lost`: a worker says that its jobs are others' now. `database`, `function`, `callback`:
   * what leads there was away, silent or slow. `stalled`: this run itself stood still, as on a busy machine.
   */
  readonly kind: "killed" | "frozen" | "lease lost" | "database" | "function" | "callback" | "stalled";
  /** The worker that it struck; null for all. */
  readonly worker: string | null;
  readonly from: number;
  /** Infinity while it lasts. */
  to: number;
};

/** The faults of a run so far. */
export type FaultLog = {
  readonly all: readonly Fault[];
  readonly add: (fault: Fault) => void;
  /** Notes a fault of this moment. */
  readonly note: (kind: Fault["kind"], worker?: string) => void;
  /** Notes a fault that lasts as long as `act` does. */
  readonly during: <T>(kind: Fault["kind"], act: () => Promise<T>, worker?: string) => Promise<T>;
};

/** Gives an empty log. */
export function createFaultLog(): FaultLog {
  const all: Fault[] = [];
  const add = (fault: Fault) => {
    all.push(fault);
  };
  return {
    all,
    add,
    note: (kind, worker) => {
      const now = performance.now();
      add({ kind, worker: worker ?? null, from: now, to: now });
    },
    during: async (kind, act, worker) => {
      const from = performance.now();
      const fault = { kind, worker: worker ?? null, from, to: Number.POSITIVE_INFINITY };
      add(fault);
      try {
        return await act();
      } finally {
        fault.to = performance.now();
      }
    },
  };
}

const lookMs = 50;
const stallMs = 500;

/** Notes whenever this process stood still for more than half a second: what it answered late then is its own doing. */
export function watchStalls({ add }: Pick<FaultLog, "add">): Disposable {
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    if (now - last > stallMs) add({ kind: "stalled", worker: null, from: last, to: now });
    last = now;
  }, lookMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
