/** Something to wait for that may come before, while or after one waits. */
export type WakeSignal = {
  /** Ends the present wait, or makes the next one end at once. */
  readonly wake: () => void;
  /** Resolves when woken, and after `ms` at the latest. */
  readonly wait: (ms: number) => Promise<void>;
};

/** Gives a signal that remembers one waking, so that none is lost between two waits. */
export function createWakeSignal(): WakeSignal {
  let isWoken = false;
  let end: (() => void) | undefined;
  return {
    wake: () => {
      isWoken = true;
      end?.();
    },
    wait: async (ms) => {
      if (!isWoken) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          end = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      end = undefined;
      isWoken = false;
    },
  };
}
