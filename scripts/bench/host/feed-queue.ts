import type { Sql } from "../../../db/client/connect.ts";
import { insertJobs } from "./insert-jobs.ts";

/** Something that adds jobs until it is disposed of. */
export type Feeder = AsyncDisposable & {
  /** Jobs added so far. */
  readonly added: () => number;
};

const everyMs = 50;

/**
 * Adds jobs about every 50 ms, in one statement: as many as `due` asks for, given those added so far and the seconds since
 * the start.
 */
export function feedQueue(
  sql: Sql,
  due: (added: number, seconds: number) => number | Promise<number>,
): Feeder {
  const startedAt = performance.now();
  let added = 0;
  const over = new AbortController();
  const running = (async () => {
    while (!over.signal.aborted) {
      const count = Math.round(await due(added, (performance.now() - startedAt) / 1000));
      if (count > 0) {
        added += count;
        await insertJobs(sql, { count });
      }
      await Bun.sleep(everyMs);
    }
  })();
  return {
    added: () => added,
    [Symbol.asyncDispose]: async () => {
      over.abort();
      await running;
    },
  };
}
