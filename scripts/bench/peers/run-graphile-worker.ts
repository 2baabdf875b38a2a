import { Logger, run } from "graphile-worker";
import { callFunction } from "./call-function.ts";

// run-graphile-worker.ts URL IN_FLIGHT rate|latency fetch|node:http|nothing [COUNT]: works with graphile-worker until it is ended, by its
// documented settings for speed: completion in batches without a delay; for the rate also a local queue, which its manual says
// makes latency worse. With COUNT, prints `tenth` when a tenth of them has run, and the jobs a second since then when all have.

const [url = "", inFlight, aim, task, count] = process.argv.slice(2);
const concurrency = Number(inFlight);
const all = Number(count);
const tenth = Math.floor(all / 10);
let ended = 0;
let since = 0;

await run({
  connectionString: process.env["DATABASE_URL"] ?? "",
  concurrency,
  maxPoolSize: 10,
  logger: new Logger(() => () => {}),
  preset: {
    worker: {
      completeJobBatchDelay: 0,
      failJobBatchDelay: 0,
      ...(aim === "rate" && {
        localQueue: { size: Math.max(concurrency * 4, 100), refetchDelay: { durationMs: 10 } },
      }),
    },
  },
  taskList: {
    mail:
      task === "fetch" || task === "node:http"
        ? (payload) => callFunction(task, `${url}/mail`, payload)
        : countCall,
  },
});

async function countCall(): Promise<void> {
  ended += 1;
  if (ended === tenth + 1) {
    since = performance.now();
    console.log("tenth");
  }
  if (ended === all) console.log(Math.round(((all - tenth - 1) / (performance.now() - since)) * 1000));
}
