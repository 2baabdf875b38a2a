import { expect, test } from "bun:test";
import { withDatabase } from "../../services/testing/with-database.ts";
import { createJobs, type Floors } from "../client/jobs.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";
const all = { only: null, except: null };

/** Gives a database with one due job for each number of seconds ago, in two priorities, and a way to claim their names. */
async function withBacklog(secondsAgo: readonly number[]) {
  const db = await withDatabase();
  const jobs = createJobs(db.sql, "app_jobs");
  const run = crypto.randomUUID();
  await jobs.registerWorker({ run, workerId: "w", leaseSeconds: 60 });
  const now = Date.now();
  for (const priority of [0, 7])
    for (const ago of secondsAgo)
      await db.sql`select app_jobs.add_job(${tenant}, ${`${priority}:${ago}`}, priority => ${priority},
        run_at => ${new Date(now - ago * 1000)})`;
  return {
    jobs,
    claim: async (floors: Floors) => {
      const { jobs: claimed } = await jobs.getJobs({ run, limit: 100, tasks: all, floors });
      return claimed.map((job) => job.taskIdentifier);
    },
    ago: (seconds: number, id = "0") => [(now - seconds * 1000) * 1000, id] as const,
    [Symbol.asyncDispose]: () => db[Symbol.asyncDispose](),
  };
}

test("a floor leaves out what is due before it, in its priority alone", async () => {
  await using db = await withBacklog([30, 20, 10]);
  expect(await db.claim({ 0: db.ago(20) })).toEqual(["0:20", "0:10", "7:30", "7:20", "7:10"]);
  expect(await db.claim({ 0: db.ago(20) })).toEqual([]);
  expect(await db.claim(null)).toEqual(["0:30"]);
});

test("floors of priorities that have no job hide no other", async () => {
  await using db = await withBacklog([10]);
  const floors = { "-5": db.ago(1), 3: db.ago(1), 7: db.ago(1), 2147483647: db.ago(1) };
  expect(await db.claim(floors)).toEqual(["0:10"]);
  expect(await db.claim({ 7: db.ago(60) })).toEqual(["7:10"]);
});
