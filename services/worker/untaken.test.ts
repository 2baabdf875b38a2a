import { expect, test } from "bun:test";
import { createJobs } from "#db/jobs";
import { createHealthApp } from "../health/create-health-app.ts";
import { createLog } from "../log/log.ts";
import { until } from "../testing/until.ts";
import { withDatabase } from "../testing/with-database.ts";
import { withProcess } from "../testing/with-process.ts";
import { startUntakenWatch } from "./untaken.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

test("a worker that lacks a task says at start what it takes, and in its log and readiness what nobody does", async () => {
  await using database = await withDatabase();
  await database.sql`select app_jobs.add_job(${tenant}, 'paint') from generate_series(1, 3)`;
  await using worker = withProcess("services/worker/main.ts", {
    ...database.env,
    JOBS_SUPPORT_ANY: "false",
    JOBS_SUPPORTED: "print,pant",
    KNATIVE_SERVICE_URL: "http://127.0.0.1:1",
    INTERNAL_JOBS_CALLBACK_URL: "http://127.0.0.1:1",
    JOBS_LOG_FORMAT: "json",
  });
  await until("it warns", () => worker.output().includes("no living worker takes"));
  const lines = worker
    .output()
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  expect(lines).toContainEqual(
    expect.objectContaining({ event: "takes jobs of these tasks alone", tasks: ["print", "pant"] }),
  );
  expect(lines).toContainEqual(expect.objectContaining({ level: "warn", task: "paint", due: 3 }));
  const port = await until("it is ready", () => /health on port (\d+)/.exec(worker.output())?.[1]);
  const response = await fetch(`http://127.0.0.1:${port}/readyz`);
  expect([response.status, await response.json()]).toEqual([
    200,
    { status: "ready", notes: ["worker: no living worker takes these due tasks: paint"] },
  ]);
});

test("a task that nobody takes is told once, and once more when it is over", async () => {
  await using database = await withDatabase();
  const events: Record<string, unknown>[] = [];
  const log = createLog({
    level: "info",
    format: "json",
    write: (line) => events.push(JSON.parse(line)),
    now: () => new Date(),
  });
  let looks = 0;
  const { untakenTasks } = createJobs(database.sql, "app_jobs");
  const watch = startUntakenWatch({
    untakenTasks: () => {
      looks += 1;
      return untakenTasks();
    },
    everySeconds: 0.01,
    log,
  });
  const ready = async () => {
    const check = { name: "worker", fault: () => null, note: watch.note };
    return (await createHealthApp(() => [check]).request("/readyz")).json();
  };
  await database.sql`select app_jobs.add_job(${tenant}, 'paint')`;
  await until("it is told", () => events.length > 0);
  const before = looks;
  await until("it has looked again", () => looks > before + 2);
  expect(await ready()).toEqual({
    status: "ready",
    notes: ["worker: no living worker takes these due tasks: paint"],
  });
  await database.sql`select app_jobs.register_worker(gen_random_uuid(), 'w', 60)`;
  await until("it is over", () => events.length > 1);
  await watch.stop();
  expect(events).toMatchObject([
    { level: "warn", task: "paint", due: 1 },
    { level: "info", task: "paint" },
  ]);
  expect(await ready()).toEqual({ status: "ready" });
});
