import { PgBoss } from "pg-boss";
import { callFunction } from "./call-function.ts";

// run-pg-boss.ts URL IN_FLIGHT rate|latency fetch|node:http: works with pg-boss until it is ended, by its documented settings for speed: woken
// by notifications, polling as often as it allows; for the rate batches of a hundred or more, fetched without a pause while they
// are full. It completes a batch as a whole.

const [url = "", inFlight, aim, way] = process.argv.slice(2);
const width = Number(inFlight);
// Two workers, so that one calls functions while the other fetches and completes.
const localConcurrency = Math.min(2, width);
const callers = Math.max(1, Math.floor(width / localConcurrency));

const boss = new PgBoss({
  connectionString: process.env["DATABASE_URL"] ?? "",
  max: 10,
  useListenNotify: true,
  schedule: false,
});
boss.on("error", (error) => console.error(error));
await boss.start();
await boss.work<{ n: number }>(
  "mail",
  {
    localConcurrency,
    batchSize: Math.max(100, callers * 4),
    burstWhenBatchFull: aim === "rate",
    pollingIntervalSeconds: 0.5,
    notifyPollingIntervalSeconds: 0.5,
  },
  async (jobs) => {
    const left = jobs.values();
    await Promise.all(
      Array.from({ length: callers }, async () => {
        for (const { data } of left)
          await callFunction(way === "fetch" ? way : "node:http", `${url}/mail`, data);
      }),
    );
  },
);
