import { createJobs, type Floors } from "../../../db/client/jobs.ts";
import type { BenchDatabase } from "../host/bench-server.ts";
import { openBackends } from "../host/open-backends.ts";

/** What one claim of ten jobs costs after so many others were claimed and completed since the last vacuum. */
export type WalkFigures = {
  readonly passed: number;
  /** CPU of the connection in µs, of a claim that looks at everything. */
  readonly wholeUs: number;
  /** The same of a claim that starts at the last job it claimed. */
  readonly flooredUs: number;
};

const batch = 10;
const claims = 100;

/** Measures claims while the entries of ended jobs gather at the head of the ready index. */
export async function measureWalk(
  database: BenchDatabase,
  { marks, payload }: { marks: readonly number[]; payload: string },
): Promise<WalkFigures[]> {
  await using backends = await openBackends(database.url, 1);
  const [backend] = backends.all;
  if (backend === undefined) throw new Error("Cannot measure: the connection is missing.");
  const { sql, cpuUs } = backend;
  const jobs = createJobs(sql, "app_jobs");
  const run = crypto.randomUUID();
  await jobs.registerWorker({ run, workerId: "bench", leaseSeconds: 3600 });
  await sql`alter table app_jobs.jobs set (autovacuum_enabled = off)`;
  const count = Math.max(...marks) + marks.length * claims * batch * 2 + 1000;
  await sql`
    insert into app_jobs.jobs (database_id, task_identifier, payload, run_at)
    select gen_random_uuid(), 'mail', ${payload}::text::json, now() - (${count}::int - n) * interval '1 millisecond'
    from generate_series(1, ${count}::int) as n`;
  await sql`vacuum analyze app_jobs.jobs`;

  const state: { passed: number; floors: Floors } = { passed: 0, floors: null };
  const claim = async (limit: number, floors: Floors = null) => {
    const start = await cpuUs();
    const { jobs: claimed } = await jobs.getJobs({ run, limit, tasks: { only: null, except: null }, floors });
    const us = (await cpuUs()) - start;
    await jobs.completeJobs(claimed.map((job) => ({ jobId: job.id, leaseToken: job.leaseToken })));
    state.passed += claimed.length;
    const last = claimed.at(-1);
    if (last !== undefined) state.floors = { "0": [last.runAtUs, last.id] };
    return us;
  };

  for (let n = 0; n < 20; n++) await claim(batch);
  const figures: WalkFigures[] = [];
  for (const mark of marks) {
    while (state.passed < mark) await claim(Math.min(1000, mark - state.passed), state.floors);
    const passed = state.passed;
    let [wholeUs, flooredUs] = [0, 0];
    for (let n = 0; n < claims; n++) {
      wholeUs += await claim(batch);
      flooredUs += await claim(batch, state.floors);
    }
    figures.push({ passed, wholeUs: wholeUs / claims, flooredUs: flooredUs / claims });
  }
  return figures;
}
