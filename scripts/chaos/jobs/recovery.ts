import { setTimeout as pause } from "node:timers/promises";
import type { Stage } from "./stage.ts";

/** A worker that was killed or frozen, and the jobs that it held and had not reported. */
export type Recovery = { readonly worker: string; readonly at: number; readonly held: readonly number[] };

/** Gives the place of the worker that holds the most jobs, once one holds some; undefined where none does for 5 s. */
export async function findBusy({ database, workers }: Stage): Promise<number | undefined> {
  for (let look = 0; look < 250; look++) {
    const [busiest] = await database.insist<{ worker: string }>(`
      select locked_by as worker
      from app_jobs.jobs
      where locked_at is not null and accepted_at is null
      group by locked_by
      order by count(*) desc
      limit 1`);
    const place = workers.findIndex(({ name }) => name === busiest?.worker);
    if (place !== -1) return place;
    await pause(20);
  }
  return undefined;
}

/**
 * Gives what a worker held that was struck at a time; it has to be struck by now. Not what its function accepted with 202, which
 * another process ends, nor jobs of the tasks that say 429, which rest by themselves.
 */
export async function beginRecovery(
  { database }: Stage,
  { worker, at }: Omit<Recovery, "held">,
): Promise<Recovery> {
  const rows = await database.insist<{ n: number }>(
    `select (payload ->> 'n')::integer as n
    from app_jobs.jobs
    where locked_by = $1 and accepted_at is null and task_identifier not like 'limited %'`,
    [worker],
  );
  return { worker, at, held: rows.map(({ n }) => n) };
}

/** Resolves when each held job was called again, or has ended after all; gives false where that does not come in time. */
export async function awaitRecovery(
  { database, fn }: Stage,
  { recovery, withinMs }: { readonly recovery: Recovery; readonly withinMs: number },
): Promise<boolean> {
  const giveUpAt = performance.now() + withinMs;
  for (;;) {
    const waiting = recovery.held.filter((n) => (fn.lastCallAt(n) ?? 0) <= recovery.at);
    const ended =
      waiting.length === 0
        ? []
        : await database.insist<{ n: number }>(
            "select n from public.ended where n = any (string_to_array($1, ',')::integer[])",
            [waiting.join(",")],
          );
    if (ended.length === waiting.length) return true;
    if (performance.now() > giveUpAt) return false;
    await pause(100);
  }
}

/** Gives how long each held job took from the strike until it was called again, in seconds. */
export function recoveryTimes({ fn }: Stage, recoveries: readonly Recovery[]): number[] {
  const callsOf = Map.groupBy(fn.calls, ({ n }) => n);
  return recoveries.flatMap(({ at, held }) =>
    held.flatMap((n) => {
      const next = callsOf.get(n)?.find((call) => call.at > at);
      return next === undefined ? [] : [(next.at - at) / 1000];
    }),
  );
}
