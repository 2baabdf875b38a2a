import { expect, test } from "bun:test";
import { withDatabase } from "../../services/testing/with-database.ts";
import { createJobs, type Floors, type TaskFilter } from "../client/jobs.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";
const all: TaskFilter = { only: null, except: null };

/** Gives a database with one due job for each number of seconds ago, in two priorities of two tasks, and a way to claim their names. */
async function withBacklog(secondsAgo: readonly number[]) {
  const db = await withDatabase();
  const jobs = createJobs(db.sql, "app_jobs");
  const run = crypto.randomUUID();
  await jobs.registerWorker({ run, workerId: "w", leaseSeconds: 60 });
  const now = Date.now();
  for (const task of ["a", "b"])
    for (const priority of [0, 7])
      for (const ago of secondsAgo)
        await db.sql`
          select app_jobs.add_job(${tenant}, ${task}, to_json(${`${task}${priority}:${ago}`}::text),
            priority => ${priority}, run_at => ${new Date(now - ago * 1000)})`;
  return {
    claim: async (floors: Floors, tasks: TaskFilter = all) => {
      const { jobs: claimed } = await jobs.getJobs({ run, limit: 100, tasks, floors });
      return claimed.map(({ payload }) => JSON.parse(payload) as string).sort();
    },
    floor: (task: string, priority: number, seconds: number) =>
      [task, priority, (now - seconds * 1000) * 1000, "0"] as const,
    [Symbol.asyncDispose]: () => db[Symbol.asyncDispose](),
  };
}

test("a floor leaves out what is due before it, in its priority of its task alone", async () => {
  await using db = await withBacklog([30, 20, 10]);
  const floors = [db.floor("a", 0, 20)];
  expect(await db.claim(floors)).toEqual(
    [
      "a0:20",
      "a0:10",
      "a7:30",
      "a7:20",
      "a7:10",
      "b0:30",
      "b0:20",
      "b0:10",
      "b7:30",
      "b7:20",
      "b7:10",
    ].sort(),
  );
  expect(await db.claim(floors)).toEqual([]);
  expect(await db.claim(null)).toEqual(["a0:30"]);
});

test("floors of places that have no job hide no other", async () => {
  await using db = await withBacklog([10]);
  const lowest = -2147483648;
  const highest = 2147483647;
  const floors = [
    db.floor("b", 7, 1),
    db.floor("", 0, 1),
    ...["a", "aa", "z"].flatMap((task) =>
      [lowest, -5, 3, highest].map((priority) => db.floor(task, priority, 1)),
    ),
  ];
  expect(await db.claim(floors)).toEqual(["a0:10", "a7:10", "b0:10"]);
  expect(await db.claim([db.floor("b", 7, 60)])).toEqual(["b7:10"]);
});

test("floors and a filter hold together", async () => {
  await using db = await withBacklog([20, 10]);
  const floors = [db.floor("a", 0, 15), db.floor("b", 0, 15)];
  expect(await db.claim(floors, { only: ["b"], except: null })).toEqual(["b0:10", "b7:10", "b7:20"]);
  expect(await db.claim(floors, { only: null, except: ["a"] })).toEqual([]);
  expect(await db.claim(floors)).toEqual(["a0:10", "a7:10", "a7:20"]);
});
