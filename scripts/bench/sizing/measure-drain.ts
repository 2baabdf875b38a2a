import { measureCalls, type Rate } from "../dispatch/measure-rate.ts";
import type { BenchDatabase } from "../host/bench-server.ts";
import { countWrites, writesPerJob } from "../host/count-writes.ts";
import type { FunctionServer } from "../host/start-function-server.ts";
import { startWorker } from "../host/start-worker.ts";
import { residentMb } from "../host/watch-queue.ts";
import { countJobs } from "./measure-storage.ts";

/** What a job costs from its claim to its outcome, and what the job service takes meanwhile. */
export type Drain = {
  /** CPU a job. */
  readonly serviceUs: number;
  readonly postgresUs: number;
  readonly functionUs: number;
  readonly walBytes: number;
  readonly deadTuples: number;
  readonly memoryMb: number;
  /** Connections to Postgres under load. */
  readonly connections: number;
};

/** What is drained, and how. */
export type DrainPlan = {
  readonly fn: FunctionServer;
  readonly inFlight: number;
  readonly env?: Readonly<Record<string, string>>;
};

/** Lets a job service work off all that waits in a database. */
export async function measureDrain(database: BenchDatabase, plan: DrainPlan): Promise<Drain> {
  const { sql } = database;
  const { fn, inFlight } = plan;
  const { count } = await countJobs(sql);
  await sql`checkpoint`;
  await fetch(fn.url, { method: "DELETE" });
  const before = await countWrites(database);
  const others = () => sql`
    select from pg_stat_activity
    where datname = current_database() and backend_type = 'client backend' and application_name <> 'bench'`;
  let rate: Rate;
  const service = { memoryMb: 0, connections: 0 };
  {
    await using program = startWorker({
      database,
      functionUrl: fn.url,
      inFlight,
      isWhole: true,
      ...(plan.env === undefined ? {} : { env: plan.env }),
    });
    rate = await measureCalls({ database, fn, count, inFlight }, program);
    while ((await sql`select from app_jobs.jobs limit 1`).length > 0) await Bun.sleep(20);
    service.memoryMb = await residentMb(program.pid);
    service.connections = (await others()).length;
  }
  while ((await others()).length > 0) await Bun.sleep(20);
  const writes = writesPerJob(before, await countWrites(database), count);
  return {
    serviceUs: rate.programCpu,
    postgresUs: rate.postgresCpu,
    functionUs: rate.functionCpu,
    walBytes: writes.walBytes,
    deadTuples: writes.deadTuples,
    ...service,
  };
}
