import { expect, test } from "bun:test";
import { readHistory, recordHistory } from "../../../db/tests/history/record-history.ts";
import { until } from "../../../services/testing/until.ts";
import { withDatabase } from "../../../services/testing/with-database.ts";
import { type Received, withFunction } from "../../../services/testing/with-function.ts";
import { withJobService } from "../../../services/testing/with-job-service.ts";
import { type TestProcess, withProcess } from "../../../services/testing/with-process.ts";
import { shortConfigurations } from "../configurations.ts";
import { type Rules, rules } from "../rules.ts";
import { createAcceptor, lifeOf } from "./accept-life.ts";

// The other way round: real workers and a real function, some killed, frozen and stopped on their way. The database records what
// it shows of each job, and the model has to allow it.

/** One job and one place for a run: the others of a life can only do what this one does after it is gone. */
const one = {
  ...shortConfigurations.both,
  runs: 1,
  maxAttempts: 3,
  faults: 3,
  reports: ["complete"],
  operators: ["drain"],
} as const;
const waiting = "waiting after 0, no token";
const kinds = ["completes", "fails once", "calls back", "falls silent once", "hangs once", "fails"] as const;
const names = ["killed", "frozen", "drained", "test-worker"];
const jobs = 60;

const kindOf = ({ body }: Received) => kinds[Number(JSON.parse(body)) % kinds.length];

/** A function of every kind, which answers nobody before each worker has called it and something hangs at each. */
function createMixed() {
  const hanging = new Set<string>();
  const all = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const callBack = ({ headers }: Received) =>
    fetch(headers.get("x-callback-url") ?? "", {
      method: "POST",
      headers: {
        "x-worker-id": headers.get("x-worker-id") ?? "",
        "x-job-id": headers.get("x-job-id") ?? "",
      },
    });
  return {
    hanging: all.promise,
    release: released.resolve,
    answer: async (request: Received) => {
      const isFirst = request.headers.get("x-job-attempt") === "1";
      const kind = kindOf(request);
      if (kind === "hangs once" && isFirst) {
        hanging.add(request.headers.get("x-worker-id") ?? "");
        if (hanging.size === names.length) all.resolve();
        await released.promise;
      }
      await all.promise;
      if (kind === "fails" || (kind === "fails once" && isFirst)) return new Response("no", { status: 500 });
      if (kind === "calls back") void callBack(request).catch(() => undefined);
      const isAccepted = kind === "calls back" || (kind === "falls silent once" && isFirst);
      return new Response(null, { status: isAccepted ? 202 : 200 });
    },
  };
}

test("every job's life under killed, frozen and drained workers is one that the model allows", async () => {
  await using database = await withDatabase();
  const { sql } = database;
  await recordHistory(sql);
  await sql.unsafe(`
    create or replace function app_jobs.backoff_seconds(attempts integer) returns double precision
    language sql as 'select 0.05'`);
  const mixed = createMixed();
  await using fn = await withFunction(mixed.answer);
  const settings = {
    ...database.env,
    KNATIVE_SERVICE_URL: fn.url,
    JOBS_LEASE_SECONDS: "4",
    JOBS_CONCURRENCY: "12",
    JOBS_TIMEOUT_SECONDS: "60",
    JOBS_CALLBACK_TIMEOUT_SECONDS: "1",
    JOBS_DRAIN_SECONDS: "0.2",
  };
  await using service = await withJobService(settings);
  await using workers = new AsyncDisposableStack();
  const start = (name: string): TestProcess =>
    workers.use(
      withProcess("services/worker/main.ts", {
        ...settings,
        HOSTNAME: name,
        INTERNAL_JOBS_CALLBACK_URL: service.callbackUrl,
      }),
    );
  const [killed, frozen, drained] = [start("killed"), start("frozen"), start("drained")];
  for (const worker of [killed, frozen, drained])
    await until("the worker is ready", () => worker.output().includes("worker ready"));

  await sql`
    insert into app_jobs.jobs (database_id, task_identifier, payload, max_attempts)
    select gen_random_uuid(), 'task', to_json(n), ${one.maxAttempts}::int from generate_series(1, ${jobs}::int) as n`;
  await mixed.hanging;
  killed.kill("SIGKILL");
  frozen.kill("SIGSTOP");
  drained.kill("SIGTERM");
  await until("the frozen worker's lease is taken", async () => {
    const rows = await sql`select from app_jobs.workers where worker_id in ('frozen', 'killed')`;
    return rows.length === 0;
  });
  frozen.kill("SIGCONT");
  mixed.release();
  await until("no job is left", async () => (await sql`select from app_jobs.jobs`).length === 0, 50_000);

  const lives = Map.groupBy(await readHistory(sql), (change) => (change.new ?? change.old)?.id ?? 0);
  expect(lives.size).toBe(jobs);
  const seen = [...lives.values()].map(lifeOf);
  const { refuse } = createAcceptor({ configuration: one, rules });
  expect(seen.map(refuse).filter((fault) => fault !== null)).toEqual([]);

  // The lives are telling: rules under which no rescue counts do not allow them.
  const lenient: Rules = {
    ...rules,
    rescued: (row) => rules.rescued({ ...row, attempts: row.attempts - 1 }),
  };
  const other = createAcceptor({ configuration: one, rules: lenient });
  expect(seen.filter((life) => other.refuse(life) !== null)).not.toEqual([]);
}, 120_000);

test.each([
  [[waiting, "leased for attempt 2, by beats"], "a claim that counts double"],
  [[waiting, "gone"], "an end without a claim"],
  [
    [waiting, "leased for attempt 1, by beats", "waiting after 0, token kept", "dead after 1"],
    "a death too early",
  ],
  [[waiting, "leased for attempt 1, by the clock"], "a lease without a worker"],
])("the model does not allow %p: %s", (life) => {
  expect(createAcceptor({ configuration: one, rules }).refuse(life)).not.toBeNull();
});
