import { countWrites, type Writes, writesPerJob } from "../host/count-writes.ts";
import { type Program, runProgram } from "../host/run-program.ts";
import { graphileWorker, type Runtime, startGraphileNothing } from "../peers/graphile-worker.ts";
import { knativeJobs } from "../peers/knative-jobs.ts";
import { fillQueue, type Queue } from "../peers/queue.ts";
import { measureCalls, measurePrinted, type Rate, type Stage } from "./measure-rate.ts";

/** A rate, and what each job wrote to the database where the contender is a queue. */
export type Measured = Rate & { readonly writes: Writes | null };

/** Who is measured. */
export type Contender = {
  readonly name: string;
  /** Jobs a second to begin with; each measurement gives the next one's count. */
  readonly guess: number;
  readonly isCalledBack?: boolean;
  readonly measure: (stage: Stage) => Promise<Measured>;
};

/** A ceiling of HTTP: requests without a queue, from a process that does nothing else. */
const fetching = (name: string, ...more: readonly string[]): Contender => ({
  name,
  guess: 10_000,
  measure: async (stage) => {
    const words = [stage.fn.url, String(stage.count), String(stage.inFlight), ...more];
    await using program = runProgram("scripts/bench/dispatch/plain-fetch.ts", {}, words);
    return { ...(await measureCalls(stage, program)), writes: null };
  },
});

/** The ceiling that the goal is of: with a content type alone. */
export const plainFetch: Contender = fetching("plain fetch");

/** The same with the headers that a job request has, which the function has to read too. */
export const fetchWithHeaders: Contender = fetching("plain fetch, a job's headers", "protocol");

/** The ceiling of the database: claim and complete by our SQL functions, without HTTP. */
export const batchedSql: Contender = {
  name: "batched SQL alone",
  guess: 10_000,
  measure: async (stage) => {
    await fillQueue(knativeJobs, stage.database, stage.count);
    return await countingWrites(
      stage,
      () => {
        const env = { DATABASE_URL: stage.database.url };
        return runProgram("scripts/bench/dispatch/batched-sql.ts", env, [String(stage.count)]);
      },
      measurePrinted,
    );
  },
};

/** A queue from full until empty, through its worker as it is deployed, to the function. */
export const throughHttp = (queue: Queue, guess: number): Contender => ({
  name: queue.name,
  guess,
  isCalledBack: queue.isCalledBack ?? false,
  measure: async (stage) => {
    const { database, fn, inFlight } = stage;
    await queue.prepare(database);
    await fillQueue(queue, database, stage.count);
    return await countingWrites(
      stage,
      () => queue.startWorker({ database, functionUrl: fn.url, inFlight, aim: "rate" }),
      async (own, program) => {
        const rate = await measureCalls(own, program);
        while ((await database.sql.unsafe(queue.unfinished)).length > 0) await Bun.sleep(20);
        return rate;
      },
    );
  },
});

/** graphile-worker with a task that does nothing, in its own process. */
export const graphileNothing = (runtime: Runtime): Contender => ({
  name: `graphile-worker, nothing (${runtime})`,
  guess: 5000,
  measure: async (stage) => {
    const { database, fn, inFlight, count } = stage;
    const queue = graphileWorker(runtime, "fetch");
    await queue.prepare(database);
    await fillQueue(queue, database, count);
    const own = { database, functionUrl: fn.url, inFlight, aim: "rate" } as const;
    return await countingWrites(stage, () => startGraphileNothing(runtime, own, count), measurePrinted);
  },
});

async function countingWrites(
  stage: Stage,
  start: () => Program | Promise<Program>,
  measure: (stage: Stage, program: Program) => Promise<Rate>,
): Promise<Measured> {
  const before = await countWrites(stage.database);
  let rate: Rate;
  {
    await using program = await start();
    rate = await measure(stage, program);
  }
  const { sql } = stage.database;
  const others = () => sql`
    select from pg_stat_activity
    where datname = current_database() and backend_type = 'client backend' and application_name <> 'bench'`;
  while ((await others()).length > 0) await Bun.sleep(20);
  return { ...rate, writes: writesPerJob(before, await countWrites(stage.database), stage.count) };
}
