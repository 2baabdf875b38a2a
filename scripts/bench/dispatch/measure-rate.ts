import type { BenchDatabase } from "../host/bench-server.ts";
import { runProgram } from "../host/run-program.ts";
import { startWorker } from "../host/start-worker.ts";

/** What one contender is measured with. */
export type Stage = {
  readonly database: BenchDatabase;
  readonly functionUrl: string;
  readonly count: number;
  readonly inFlight: number;
};

/** Who is measured: gives its jobs, or calls, a second. */
export type Contender = { readonly name: string; readonly measure: (stage: Stage) => Promise<number> };

/** The ceiling: the same requests without a queue, from a process that does nothing else. */
const plainFetch: Contender = {
  name: "plain fetch",
  measure: async (stage) => {
    await using _program = runProgram("scripts/bench/dispatch/plain-fetch.ts", {}, words(stage));
    return await rateOfCalls(stage);
  },
};

/** The worker of this repository as it is deployed, from a full queue until the queue is empty. */
const ours: Contender = {
  name: "knative jobs",
  measure: async (stage) => {
    const { sql } = stage.database;
    await sql`
      insert into app_jobs.jobs (database_id, task_identifier, payload)
      select gen_random_uuid(), 'mail', json_build_object('n', i) from generate_series(1, ${stage.count}::int) as i`;
    await sql`vacuum analyze app_jobs.jobs`;
    await using _worker = startWorker({
      database: stage.database,
      functionUrl: stage.functionUrl,
      inFlight: stage.inFlight,
    });
    const rate = await rateOfCalls(stage);
    while ((await sql`select from app_jobs.jobs limit 1`).length > 0) await Bun.sleep(10);
    return rate;
  },
};

/** graphile-worker with a task that does one fetch, and with one that does nothing, in its own process. */
const graphile = (task: "fetch" | "nothing"): Contender => ({
  name: `graphile-worker, a task that does ${task === "fetch" ? "one fetch" : "nothing"}`,
  measure: async (stage) => {
    const env = { DATABASE_URL: stage.database.url };
    await using program = runProgram("scripts/bench/dispatch/graphile-worker.ts", env, [
      ...words(stage),
      task,
    ]);
    const ended = await program.line(/^\d/);
    return task === "fetch" ? await rateOfCalls(stage) : Number(ended);
  },
});

/** All that are measured, the ceiling first. */
export const contenders: readonly Contender[] = [plainFetch, ours, graphile("fetch"), graphile("nothing")];

function words({ functionUrl, count, inFlight }: Stage): string[] {
  return [functionUrl, String(count), String(inFlight)];
}

/** Waits until the function was called for each job, and gives the calls a second after the first tenth. */
async function rateOfCalls({ functionUrl, count }: Stage): Promise<number> {
  for (;;) {
    const response = await fetch(`${functionUrl}?of=${count}`);
    const { startedAt, endedAt }: { startedAt: number; endedAt: number | null } = await response.json();
    if (endedAt !== null) return ((count - 1 - Math.floor(count / 10)) / (endedAt - startedAt)) * 1000;
    await Bun.sleep(20);
  }
}
