import type { Log } from "../log/log.ts";
import type { Check } from "./create-health-app.ts";

/** Something that a service does again and again. */
export type Loop = {
  /** It was done. */
  readonly succeeded: () => void;
  /** It failed; gives how often it has in a row. */
  readonly failed: (error: unknown) => number;
};

/** The loops of a service, and what its readiness says of them. */
export type Loops = {
  /** Gives a loop by its name, such as "rescue"; every call adds one. */
  readonly add: (name: string) => Loop;
  readonly check: Check;
};

/** What keeping account of loops needs. */
export type LoopsOptions = {
  readonly log: Log;
  /** Gives milliseconds; only differences are used (the process's own clock). */
  readonly clock?: () => number;
};

/** So many failures in a row are no hiccup. A loop that does its work every few seconds has them within half a minute. */
const failuresInARow = 5;

type Account = { readonly name: string; failures: number; doneAt: number; reason: string };

/**
 * Keeps account of a service's loops: a loop that has failed five times in a row makes the service not ready, with the reason, until it
 * succeeds, and the log tells of both. Each failure by itself is its loop's to log.
 */
export function createLoops({ log, clock = () => performance.now() }: LoopsOptions): Loops {
  const accounts: Account[] = [];
  const ago = ({ doneAt }: Account) => Math.round((clock() - doneAt) / 1000);
  return {
    add: (name) => {
      const account: Account = { name, failures: 0, doneAt: clock(), reason: "" };
      accounts.push(account);
      return {
        succeeded: () => {
          if (account.failures >= failuresInARow)
            log.info("a loop works again", { loop: name, failures: account.failures });
          account.failures = 0;
          account.doneAt = clock();
        },
        failed: (error) => {
          account.failures += 1;
          account.reason = error instanceof Error ? error.message : String(error);
          if (account.failures === failuresInARow)
            log.error("a loop keeps failing; not ready until it works again", {
              loop: name,
              failures: account.failures,
              lastDoneSecondsAgo: ago(account),
              error,
            });
          return account.failures;
        },
      };
    },
    check: {
      name: "loops",
      fault: () => {
        const failing = accounts.filter(({ failures }) => failures >= failuresInARow);
        if (failing.length === 0) return null;
        return failing
          .map(
            (account) =>
              `${account.name} failed ${account.failures} times in a row, and was last done ${ago(account)} s ago (${account.reason})`,
          )
          .join("; ");
      },
    },
  };
}
