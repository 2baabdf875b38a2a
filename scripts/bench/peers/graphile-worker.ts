import { Logger, makeWorkerUtils } from "graphile-worker";
import type { BenchDatabase } from "../host/bench-server.ts";
import { type Program, runProgram } from "../host/run-program.ts";
import { runUnderNode } from "../host/run-under-node.ts";
import type { Way } from "./call-function.ts";
import type { Queue, WorkerStage } from "./queue.ts";

/** Which runtime runs a peer. */
export type Runtime = "Node" | "Bun";

const program = "scripts/bench/peers/run-graphile-worker.ts";

/** graphile-worker, with a task that makes one request. */
export const graphileWorker = (runtime: Runtime, way: Way): Queue => ({
  name: `graphile-worker, ${way} (${runtime})`,
  prepare: migrate,
  addOne: (payload) => ({
    text: "select (graphile_worker.add_job('mail', $1::text::json)).id",
    values: [payload],
  }),
  addMany: (payloads) => ({
    text: `
      select count(*)
      from graphile_worker.add_jobs(array(
        select row('mail', payload, null, null, null, null, null, null)::graphile_worker.job_spec
        from json_array_elements($1::text::json) as payload
      ))`,
    values: [`[${payloads.join(",")}]`],
  }),
  startWorker: (stage) => run(runtime, stage, [way]),
  unfinished: "select from graphile_worker._private_jobs limit 1",
});

/** Starts graphile-worker with a task that does nothing; it prints `tenth` and at the end the jobs a second since then. */
export async function startGraphileNothing(
  runtime: Runtime,
  stage: WorkerStage,
  count: number,
): Promise<Program> {
  return await run(runtime, stage, ["nothing", String(count)]);
}

async function run(runtime: Runtime, stage: WorkerStage, task: readonly string[]): Promise<Program> {
  const env = { DATABASE_URL: stage.database.url };
  const words = [stage.functionUrl, String(stage.inFlight), stage.aim, ...task];
  return runtime === "Node" ? await runUnderNode(program, env, words) : runProgram(program, env, words);
}

async function migrate({ url }: BenchDatabase): Promise<void> {
  const utils = await makeWorkerUtils({ connectionString: url, logger: new Logger(() => () => {}) });
  await utils.migrate();
  await utils.release();
}
