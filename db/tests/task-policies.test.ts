import { expect, test } from "bun:test";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";
import { createJobs } from "../client/jobs.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

/** A worker that has a job of the task `a`. */
async function withLease(leaseAttempt = 1) {
  const db = await withDatabase();
  const jobs = createJobs(db.sql, "app_jobs");
  const run = crypto.randomUUID();
  await jobs.registerWorker({ run, workerId: "w", leaseSeconds: 60 });
  await db.sql`select app_jobs.add_job(${tenant}, 'a')`;
  await db.sql`update app_jobs.jobs set attempts = ${leaseAttempt - 1}`;
  const [job] = (await jobs.getJobs({ run, limit: 1, tasks: { only: null, except: null } })).jobs;
  const lease = { jobId: job?.id ?? "", leaseToken: job?.leaseToken ?? "" };
  const fail = (kind: "retry" | "unreachable") =>
    jobs.failJobs([{ ...lease, kind, message: "no", delaySeconds: null }], 259_200);
  return { db, jobs, run, lease, fail, [Symbol.asyncDispose]: () => db[Symbol.asyncDispose]() };
}

const waits = async ({ sql }: TestDatabase, [attempts, base, factor, longest]: (number | null)[]) => {
  const rows = await sql<{ seconds: number }[]>`
    select app_jobs.backoff_seconds(${attempts ?? 1}::int, ${base ?? null}::float8, ${factor ?? null}::float8,
      ${longest ?? null}::float8) as seconds
    from generate_series(1, 2000)`;
  return rows.map(({ seconds }) => seconds);
};

test.each([
  ["the first of the defaults", [1, null, null, null], 1, Math.E],
  ["the third of the defaults", [3, null, null, null], 1, Math.E ** 3],
  ["a late one of the defaults", [2_000_000_000, null, null, null], 1, Math.E ** 10],
  ["a base and a factor", [4, 10, 2, null], 1, 80],
  ["the longest wait", [50, 10, 2, 60], 1, 60],
  ["less than two seconds", [1, 0.1, 1, null], 0.05, 0.1],
  ["a factor of one", [9, 30, 1, null], 1, 30],
] as const)("the waits of %s are spread over their whole range", async (...[, of, low, high]) => {
  await using db = await withDatabase();
  const all = await waits(db, [...of]);
  const [shortest, longest] = [Math.min(...all), Math.max(...all)];
  const span = high - low;
  expect(shortest).toBeGreaterThanOrEqual(low - 1e-9);
  expect(longest).toBeLessThanOrEqual(high + 1e-9);
  expect(shortest).toBeLessThan(low + span * 0.05);
  expect(longest).toBeGreaterThan(high - span * 0.05);
});

test("a failed attempt waits as the policy of its task says", async () => {
  await using held = await withLease(2);
  await held.db.sql`select app_jobs.set_task_policy('a', backoff_base_seconds => 1e6, backoff_factor => 1)`;
  await held.db.sql`select app_jobs.set_task_policy('b', backoff_base_seconds => 1)`;
  const before = await held.db.sql<{ now: Date }[]>`select now()`;
  await held.db.sql`
    create or replace function app_jobs.backoff_seconds(
      attempts integer, base_seconds float8, factor float8, max_seconds float8
    ) returns float8 language sql as 'select base_seconds * factor'`;
  await held.fail("retry");
  const [job] = await held.db.sql<{ run_at: Date }[]>`select run_at from app_jobs.jobs`;
  expect(Number(job?.run_at) - Number(before[0]?.now)).toBeGreaterThanOrEqual(1e9);
});

test("a policy caps the attempts of jobs that there are, and the job dies out of attempts", async () => {
  await using held = await withLease(3);
  await held.db.sql`select app_jobs.set_task_policy('a', max_attempts => 3)`;
  await held.fail("retry");
  const dead = await held.db.sql`select reason, attempts, max_attempts from app_jobs.dead_jobs`;
  expect([...dead]).toEqual([{ reason: "out of attempts", attempts: 3, max_attempts: 3 }]);
});

test("the cap counts for an attempt that was lost with its worker, and not for one that is left", async () => {
  await using held = await withLease(2);
  await held.db.sql`select app_jobs.set_task_policy('a', max_attempts => 3)`;
  const die = async () => {
    await held.db.sql`update app_jobs.workers set lease_until = now() - interval '1 second'`;
    await held.jobs.rescueJobs();
  };
  await die();
  const left = await held.db.sql`select attempts, max_attempts from app_jobs.jobs`;
  expect([...left]).toEqual([{ attempts: 2, max_attempts: 25 }]);
  const run = crypto.randomUUID();
  await held.jobs.registerWorker({ run, workerId: "w", leaseSeconds: 60 });
  await held.jobs.getJobs({ run, limit: 1, tasks: { only: null, except: null } });
  await die();
  expect([...(await held.db.sql`select reason from app_jobs.dead_jobs`)]).toEqual([
    { reason: "out of attempts" },
  ]);
});

test("a policy says for how long a function may be out of reach, and after that each try counts, until it answers", async () => {
  await using held = await withLease(1);
  const { db, jobs, run } = held;
  const counts = async () => [
    ...(await db.sql`select attempts, unreachable_count, unreachable_since is null as "isOver" from app_jobs.jobs`),
  ];
  await db.sql`select app_jobs.set_task_policy('a', unreachable_hours => 1)`;
  await db.sql`update app_jobs.jobs set unreachable_since = now() - interval '2 hours', unreachable_count = 9`;
  await held.fail("unreachable");
  expect(await counts()).toEqual([{ attempts: 1, unreachable_count: 9, isOver: false }]);

  for (const kind of ["unreachable", "retry"] as const) {
    await db.sql`update app_jobs.jobs set run_at = now()`;
    const [job] = (await jobs.getJobs({ run, limit: 1, tasks: { only: null, except: null } })).jobs;
    const lease = { jobId: job?.id ?? "", leaseToken: job?.leaseToken ?? "" };
    await jobs.failJobs([{ ...lease, kind, message: "no", delaySeconds: null }], 259_200);
    expect(await counts()).toEqual(
      kind === "retry"
        ? [{ attempts: 3, unreachable_count: 0, isOver: true }]
        : [{ attempts: 2, unreachable_count: 9, isOver: false }],
    );
  }
});

test("a policy says how long a function that answered 202 has until its next callback", async () => {
  await using held = await withLease();
  await held.db.sql`select app_jobs.set_task_policy('a', callback_seconds => 7200)`;
  const seconds = async () => {
    const [job] = await held.db.sql<{ seconds: number }[]>`
      select lease_seconds - extract(epoch from updated_at - locked_at)::float8 as seconds from app_jobs.jobs`;
    return Math.round(job?.seconds ?? 0);
  };
  await held.jobs.acceptJobs([held.lease], 60);
  expect(await seconds()).toBe(7200);
  await held.jobs.callback(held.lease, { kind: "progress", progress: 1, message: null, callbackSeconds: 60 });
  expect(await seconds()).toBe(7200);
});

test("workers are told of timeouts and attempts, each policy is whole, and none is left when removed", async () => {
  await using held = await withLease();
  const { db, jobs, run } = held;
  const told = async () => (await jobs.beatWorker(run))?.policies;
  await db.sql`select app_jobs.set_task_policy('a', timeout_seconds => 5, max_attempts => 2)`;
  await db.sql`select app_jobs.set_task_policy('b', callback_seconds => 5)`;
  expect(await told()).toEqual([{ task: "a", timeoutSeconds: 5, maxAttempts: 2 }]);
  await db.sql`select app_jobs.set_task_policy('a', timeout_seconds => 6)`;
  expect(await told()).toEqual([{ task: "a", timeoutSeconds: 6, maxAttempts: null }]);
  expect(await db.sql`select from app_jobs.remove_task_policies(array['a', 'c'])`).toHaveLength(1);
  expect(await told()).toEqual([]);
});

test.each([
  "app_jobs.set_task_policy(null)",
  "app_jobs.set_task_policy('a', timeout_seconds => 0)",
  "app_jobs.set_task_policy('a', backoff_factor => 0.5)",
])("%s is refused", async (call) => {
  await using db = await withDatabase();
  const refusal = await db.sql.unsafe(`select ${call}`).catch((error: unknown) => String(error));
  expect(refusal).toMatch(/INVALID_TASK_IDENTIFIER|INVALID_TASK_POLICY/);
});
