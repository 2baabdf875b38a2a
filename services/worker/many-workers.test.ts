import { expect, test } from "bun:test";
import { until } from "../testing/until.ts";
import { withDatabase } from "../testing/with-database.ts";
import { type Received, withFunction } from "../testing/with-function.ts";
import { withJobService } from "../testing/with-job-service.ts";
import { withProcess } from "../testing/with-process.ts";

const names = ["first", "second", "third"];
const jobs = { free: 1000, queues: 20, ofEachQueue: 50 };
const total = jobs.free + jobs.queues * jobs.ofEachQueue;

type Payload = { readonly queue: string | null; readonly place: number };

/** A function that notes what serial queues do, and answers nobody before each worker has called it. */
function createWitness() {
  const calls = new Map<string, number>();
  const running = new Set<string>();
  const places = new Map<string, number[]>();
  const faults: string[] = [];
  const all = Promise.withResolvers<void>();
  return {
    calls,
    places,
    faults,
    answer: async ({ headers, body }: Received) => {
      const worker = headers.get("x-worker-id") ?? "";
      calls.set(worker, (calls.get(worker) ?? 0) + 1);
      if (calls.size === names.length) all.resolve();
      const { queue, place }: Payload = JSON.parse(body);
      if (queue !== null) {
        if (running.has(queue)) faults.push(`two jobs of ${queue} run at a time`);
        running.add(queue);
        places.set(queue, [...(places.get(queue) ?? []), place]);
      }
      await all.promise;
      if (queue !== null) running.delete(queue);
      return Response.json({});
    },
  };
}

test("three worker processes on one database run each job once, keep serial order, and all have a share", async () => {
  await using database = await withDatabase();
  const witness = createWitness();
  await using fn = await withFunction(witness.answer);
  await using workers = new AsyncDisposableStack();
  const started = names.map((name) =>
    workers.use(
      withProcess("services/worker/main.ts", {
        ...database.env,
        HOSTNAME: name,
        KNATIVE_SERVICE_URL: fn.url,
        INTERNAL_JOBS_CALLBACK_URL: "http://127.0.0.1:1/callback",
      }),
    ),
  );
  for (const worker of started)
    await until("the worker is ready", () => worker.output().includes("worker ready"));

  await database.sql`
    insert into app_jobs.jobs (database_id, task_identifier, queue_name, payload)
    select gen_random_uuid(), 'task', queue, json_build_object('queue', queue, 'place', place)
    from (
      select null as queue, n as place from generate_series(1, ${jobs.free}::int) as n
      union all
      select 'queue ' || q, n from generate_series(1, ${jobs.ofEachQueue}::int) as n, generate_series(1, ${jobs.queues}::int) as q
    ) as wanted
    order by place`;
  await until("no job is left", async () => (await database.sql`select from app_jobs.jobs`).length === 0);

  const ids = fn.requests.map(({ headers }) => headers.get("x-job-id"));
  expect(ids).toHaveLength(total);
  expect(new Set(ids).size).toBe(total);
  expect([...witness.calls.keys()].sort()).toEqual(names);
  expect(witness.faults).toEqual([]);
  const inOrder = Array.from({ length: jobs.ofEachQueue }, (_, n) => n + 1);
  expect(witness.places.size).toBe(jobs.queues);
  for (const places of witness.places.values()) expect(places).toEqual(inOrder);
});

test("a serial queue goes on at once from a worker of some tasks to a worker of others, which sleeps", async () => {
  await using database = await withDatabase();
  await using fn = await withFunction();
  await using workers = new AsyncDisposableStack();
  for (const task of ["pick", "pack"])
    workers.use(
      await withJobService({
        ...database.env,
        HOSTNAME: task,
        KNATIVE_SERVICE_URL: fn.url,
        JOBS_SUPPORT_ANY: "false",
        JOBS_SUPPORTED: task,
        // Nothing comes of a poll within a test.
        JOBS_POLL_SECONDS: "3600",
      }),
    );
  const tasks = Array.from({ length: 6 }, (_, n) => (n % 2 === 0 ? "pick" : "pack"));
  for (const task of tasks)
    await database.sql`select app_jobs.add_job(gen_random_uuid(), ${task}, queue_name => 'parcel')`;
  await until("all is done", async () => (await database.sql`select from app_jobs.jobs`).length === 0);
  const sent = fn.requests.map(({ path, headers }) => `${headers.get("x-worker-id")} ${path}`);
  expect(sent.sort()).toEqual(tasks.map((task) => `${task} /${task}`).sort());
});

test("a serial queue whose job ends while its worker drains goes on at once with another, which sleeps", async () => {
  await using database = await withDatabase();
  const [first, long] = [Promise.withResolvers<Response>(), Promise.withResolvers<Response>()];
  await using fn = await withFunction(({ path }) => {
    if (path === "/first") return first.promise;
    return path === "/long" ? long.promise : new Response();
  });
  const isSent = (path: string) => fn.requests.some((request) => request.path === path);
  const env = { ...database.env, KNATIVE_SERVICE_URL: fn.url, JOBS_POLL_SECONDS: "3600" };
  await using leaving = await withJobService({ ...env, HOSTNAME: "leaving", JOBS_DRAIN_SECONDS: "60" });
  for (const task of ["first", "second"])
    await database.sql`select app_jobs.add_job(gen_random_uuid(), ${task}, queue_name => 'q')`;
  await database.sql`select app_jobs.add_job(gen_random_uuid(), 'long')`;
  await until("both run", () => isSent("/first") && isSent("/long"));
  await using _staying = await withJobService({ ...env, HOSTNAME: "staying" });
  await until("it sleeps", async () => {
    const asleep = await database.sql`
      select from app_jobs.workers where worker_id = 'staying' and sleeps_until > now()`;
    return asleep.length === 1;
  });
  const drained = leaving.drain();
  first.resolve(new Response());
  await until("the next one runs", () => isSent("/second"));
  long.resolve(new Response());
  await drained;
});
