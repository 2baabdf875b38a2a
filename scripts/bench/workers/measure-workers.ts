import { cpus } from "node:os";
import type { BenchDatabase } from "../host/bench-server.ts";
import { startWorker } from "../host/start-worker.ts";

/** What one measurement takes. */
export type Stage = {
  readonly database: BenchDatabase;
  readonly functionUrl: string;
  readonly workers: number;
  /** Requests in flight of each worker. */
  readonly inFlight: number;
  readonly jobs: number;
};

/** Jobs a second from the first tenth of the calls to the last, and the share of all cores that was busy meanwhile. */
export type Measured = { readonly perSecond: number; readonly busy: number };

/** Measures worker processes that are up and idle before the jobs come, all in one transaction. */
export async function measureWorkers(stage: Stage): Promise<Measured> {
  const { database, functionUrl, inFlight } = stage;
  const { sql } = database;
  await using running = new AsyncDisposableStack();
  for (let n = 0; n < stage.workers; n++)
    running.use(startWorker({ database, functionUrl, inFlight, env: { HOSTNAME: `worker-${n}` } }));
  while ((await sql`select from app_jobs.workers`).length < stage.workers) await Bun.sleep(20);
  await fetch(functionUrl, { method: "DELETE" });
  await sql`
    insert into app_jobs.jobs (database_id, task_identifier, payload)
    select gen_random_uuid(), 'mail', json_build_object('n', n) from generate_series(1, ${stage.jobs}::int) as n`;

  let from = cpuTimes();
  for (let hasBegun = false; ; ) {
    const response = await fetch(`${functionUrl}?of=${stage.jobs}`);
    const { startedAt, endedAt }: { startedAt: number | null; endedAt: number | null } =
      await response.json();
    if (startedAt !== null && !hasBegun) {
      hasBegun = true;
      from = cpuTimes();
    }
    if (startedAt !== null && endedAt !== null) {
      const to = cpuTimes();
      const busy = (to.busy - from.busy) / Math.max(1, to.all - from.all);
      return { perSecond: ((stage.jobs * 0.9) / (endedAt - startedAt)) * 1000, busy };
    }
    await Bun.sleep(20);
  }
}

function cpuTimes(): { busy: number; all: number } {
  const sum = { busy: 0, all: 0 };
  for (const { times } of cpus()) {
    const busy = times.user + times.nice + times.sys + times.irq;
    sum.busy += busy;
    sum.all += busy + times.idle;
  }
  return sum;
}
