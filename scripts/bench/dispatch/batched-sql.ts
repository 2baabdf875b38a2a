import { connect } from "../../../db/client/connect.ts";
import { createJobs, type Lease } from "../../../db/client/jobs.ts";

// batched-sql.ts COUNT: claims and completes that many waiting jobs by the functions that the worker calls, 500 at a time over
// four connections, without HTTP, each claim completing what the one before it brought. Prints `tenth` when a tenth is done, and the jobs a second since then when all are.

const all = Number(process.argv[2]);
const tenth = Math.floor(all / 10);
const batch = Math.min(500, Math.ceil(all / 100));
const sql = connect(
  { DATABASE_URL: process.env["DATABASE_URL"], PGHOST: "", PGPORT: 0, PGUSER: "", PGDATABASE: "" },
  { max: 4, name: "batched-sql" },
);
const jobs = createJobs(sql, "app_jobs");
const run = crypto.randomUUID();
await jobs.registerWorker({ run, workerId: "batched-sql", leaseSeconds: 3600 });

let done = 0;
let doneAtStart = 0;
let since = 0;
const loops = Array.from({ length: 4 }, async () => {
  let completed: Lease[] = [];
  for (;;) {
    const claimed = await jobs.getJobs({ run, limit: batch, tasks: { only: null, except: null }, completed });
    done += completed.length - claimed.refused.size;
    completed = claimed.jobs.map(({ id, leaseToken }) => ({ jobId: id, leaseToken }));
    if (completed.length === 0) return;
    if (since === 0 && done > tenth) {
      [doneAtStart, since] = [done, performance.now()];
      console.log("tenth");
    }
  }
});
await Promise.all(loops);
console.log(Math.round(((done - doneAtStart) / (performance.now() - since)) * 1000));
await sql.end();
