import { Logger, makeWorkerUtils, run } from "graphile-worker";
import postgres from "postgres";

// graphile-worker.ts URL COUNT WIDTH fetch|nothing: enqueues COUNT jobs and works them off with graphile-worker, by its
// documented settings for speed (local queue, batched completion). Prints the jobs a second after the first tenth, by its own
// clock.

const databaseUrl = process.env["DATABASE_URL"] ?? "";
const [url = "", ...words] = process.argv.slice(2);
const [count = 0, inFlight = 0] = words.map(Number);
const doesFetch = words.includes("fetch");
const logger = new Logger(() => () => {});

const utils = await makeWorkerUtils({ connectionString: databaseUrl, logger });
await utils.migrate();
await utils.release();
const sql = postgres(databaseUrl, { max: 1 });
await sql`
  select graphile_worker.add_jobs(array_agg(row('mail', json_build_object('n', i), null, null, null, null, null, null)::graphile_worker.job_spec))
  from generate_series(1, ${count}::int) as i`;
await sql`analyze graphile_worker._private_jobs`;
await sql.end();

const times: number[] = [];
const done = Promise.withResolvers<void>();
const ended = () => {
  times.push(performance.now());
  if (times.length === count) done.resolve();
};
const runner = await run({
  connectionString: databaseUrl,
  concurrency: inFlight,
  maxPoolSize: 10,
  noHandleSignals: true,
  logger,
  preset: {
    worker: {
      completeJobBatchDelay: 0,
      failJobBatchDelay: 0,
      localQueue: { size: Math.max(inFlight * 4, 100), refetchDelay: { durationMs: 10 } },
    },
  },
  taskList: {
    mail: async (payload) => {
      if (doesFetch) {
        const response = await fetch(`${url}/mail`, {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify(payload),
        });
        await response.text();
      }
      ended();
    },
  },
});
await done.promise;
const from = times[Math.floor(count / 10)] ?? 0;
console.log((((count - 1 - Math.floor(count / 10)) / ((times.at(-1) ?? 0) - from)) * 1000).toFixed(0));
await runner.stop();
process.exit(0);
