import { expect, test } from "bun:test";
import { until } from "../../services/testing/until.ts";
import { withDatabase } from "../../services/testing/with-database.ts";
import { arrayLiteral } from "../client/array-literal.ts";
import { add, claim, claimForRun, leases, type Runs, startRun, tenant, whileOpen } from "./while-open.ts";

// Interleavings that chance seldom meets, each brought about step by step. What goes on all at once: concurrency.test.ts.

test("while another transaction changes a queue's first job, the second does not overtake it", async () => {
  await using db = await withDatabase();
  const first = await add(db, "q");
  await add(db, "q");
  const change = (tx: Runs) => tx.unsafe("update app_jobs.jobs set payload = '1' where id = $1", [first]);
  expect(await whileOpen(db, change, () => claim(db.sql))).toBeNull();
  expect(await claim(db.sql)).toBe(first);
});

test("a caller that claims in a transaction and keeps it open holds up its own queue alone", async () => {
  await using db = await withDatabase();
  await add(db, "q");
  await add(db, "q");
  const other = await add(db, "r", 1);
  expect(
    await whileOpen(
      db,
      (tx) => claim(tx),
      () => claim(db.sql),
    ),
  ).toBe(other);
});

test("queues that have run empty do not hide one that has a job", async () => {
  await using db = await withDatabase();
  for (const queue of ["empty 1", "empty 2", "empty 3"]) await add(db, queue);
  while ((await claim(db.sql)) !== null) await db.sql`delete from app_jobs.jobs where locked_at is not null`;
  for (const queue of ["empty 1", "empty 2", "empty 3"]) {
    await add(db, queue);
    await db.sql`delete from app_jobs.jobs`;
  }
  const job = await add(db, "busy", 1);
  expect(await claim(db.sql)).toBe(job);
});

test("a claim that finds a queue empty while an enqueue into it is open does not hide its job", async () => {
  await using db = await withDatabase();
  await add(db, "q");
  await db.sql`delete from app_jobs.jobs`;
  const tx = await db.sql.reserve();
  await tx`begin`;
  await tx`select app_jobs.add_job(${tenant}, 'a', queue_name => 'q')`;
  expect(await claim(db.sql)).toBeNull();
  await tx`commit`;
  tx.release();
  await until("the job is claimed", () => claim(db.sql));
});

test("an operator's call that had to wait takes nothing from a worker that came meanwhile", async () => {
  await using db = await withDatabase();
  const [first, second] = [await add(db), await add(db)];
  let done: Promise<unknown> | undefined;
  const hold = (tx: Runs) => tx.unsafe("select from app_jobs.jobs where id = $1 for update", [first]);
  const run = await whileOpen(db, hold, async () => {
    done =
      db.sql`select id from app_jobs.permanently_fail_jobs(array[${first}, ${second}]::bigint[])`.execute();
    await until("the operator's call waits", async () => {
      const waiting = await db.sql`select from pg_locks where not granted`;
      return waiting.length > 0;
    });
    const started = await startRun(db);
    await db.sql`select app_jobs.get_jobs(${started}, 2)`;
    return started;
  });
  await done;
  expect([...(await leases(db))]).toEqual([{ id: second, run }]);
});

test("a rescue that was slow takes nothing from the worker that has the job by now", async () => {
  await using db = await withDatabase();
  await add(db);
  const dead = await startRun(db, "dead");
  await db.sql`select app_jobs.get_jobs(${dead}, 1)`;
  await db.sql`update app_jobs.workers set lease_until = now() - interval '1 second'`;
  // Row security is a gate between a statement's look at a row and its lock on it; the owner passes freely.
  await db.sql.unsafe(`
    create role slow_worker_${process.pid};
    grant usage on schema app_jobs to slow_worker_${process.pid};
    grant all on all tables in schema app_jobs to slow_worker_${process.pid};
    grant execute on all functions in schema app_jobs to slow_worker_${process.pid};
    create function public.gate() returns boolean language plpgsql volatile as
      'begin perform pg_advisory_xact_lock_shared(1); return true; end';
    alter table app_jobs.jobs enable row level security;
    create policy gate on app_jobs.jobs using (public.gate());`);
  let slow: Promise<unknown> | undefined;
  const close = (tx: Runs) => tx.unsafe("select pg_advisory_xact_lock(1)");
  const held = await whileOpen(db, close, async () => {
    slow = db.sql.begin(async (tx) => {
      await tx.unsafe(`set local role slow_worker_${process.pid}`);
      await tx`select app_jobs.rescue_jobs()`;
    });
    await until("the slow rescue looks", async () => {
      const waiting = await db.sql`select from pg_locks where not granted`;
      return waiting.length > 0;
    });
    await db.sql`select app_jobs.rescue_jobs()`;
    const started = await startRun(db, "alive");
    // Nothing, where the slow rescue's hold on the dead run keeps the job from the quick one.
    const claimed = await db.sql<
      { id: string }[]
    >`select id from app_jobs.get_jobs(${started}, 1) where kind = 'job'`;
    return claimed.map(({ id }) => ({ id, run: started }));
  });
  await slow;
  expect([...(await leases(db))]).toEqual(held);
  await db.sql.unsafe(`drop owned by slow_worker_${process.pid}; drop role slow_worker_${process.pid}`);
});

test("a claim goes on when the completion that it brings comes too late, and says so", async () => {
  await using db = await withDatabase();
  const job = await add(db);
  const run = await startRun(db);
  const claimed = await db.sql<{ kind: string; id: string | null }[]>`
    select kind, id
    from app_jobs.get_jobs(
      ${run}, 1, completed_ids => array[999::bigint], completed_tokens => array[gen_random_uuid()]
    )`;
  expect(claimed.map(({ kind, id }) => [kind, id])).toEqual([
    ["refused", "999"],
    ["job", job],
    ["looked", null],
  ]);
});

test("a plain caller that shares a worker's name cannot end a job whose function answered 202", async () => {
  await using db = await withDatabase();
  const job = await add(db);
  const run = await startRun(db, "w");
  const [taken] = await db.sql<{ token: string }[]>`
    select lease_token as token from app_jobs.get_jobs(${run}, 1) where kind = 'job'`;
  await db.sql`select app_jobs.accept_leases(array[${job}::bigint], array[${taken?.token ?? ""}::uuid], 60)`;
  await db.sql`select app_jobs.release_jobs('w')`;
  await db.sql`select app_jobs.complete_job('w', ${job})`;
  await db.sql`select app_jobs.fail_job('w', ${job}, 'no')`;
  expect([...(await leases(db))]).toEqual([{ id: job, run: null }]);
});

test("cancelling tells the worker of each lease that it ends, whatever comes back or is claimed meanwhile", async () => {
  await using db = await withDatabase();
  const [first, second] = [await add(db), await add(db)];
  await db.sql`select app_jobs.permanently_fail_jobs(array[${second}]::bigint[])`;
  let done: Promise<unknown> | undefined;
  const hold = (tx: Runs) => tx.unsafe("select from app_jobs.jobs where id = $1 for update", [first]);
  await whileOpen(db, hold, async () => {
    done = db.sql`select app_jobs.cancel_jobs(array[${first}, ${second}]::bigint[])`.execute();
    await until("the cancellation waits", async () => {
      const waiting = await db.sql`select from pg_locks where not granted`;
      return waiting.length > 0;
    });
    await db.sql`select app_jobs.retry_dead_jobs(array[${second}]::bigint[])`;
    await claimForRun(db, 1);
  });
  await done;
  // It was not in jobs when the others were chosen.
  expect((await leases(db)).map(({ id }) => id)).toEqual([second]);
});

test("calls that lock the same jobs in different orders do not wait for each other in a circle", async () => {
  await using db = await withDatabase();
  const keyed = (key: string) =>
    db.sql<{ id: string }[]>`select id from app_jobs.add_job(${tenant}, 'a', job_key => ${key})`;
  const ids = [...(await keyed("b")), ...(await keyed("a"))].map(({ id }) => id);
  const [first = "", second = ""] = ids;
  // The second row lies before the first one.
  await db.sql`update app_jobs.jobs set priority = 1 where id = ${first}`;
  const pair = (list: readonly string[]) => arrayLiteral(list);
  const backwards = (list: readonly string[]) => arrayLiteral(list.toReversed());
  let ending: Promise<unknown>[] = [];
  const hold = (tx: Runs) => tx.unsafe("select from app_jobs.jobs where id = $1 for update", [first]);
  await whileOpen(db, hold, async () => {
    const calls: [string, ...string[]][] = [
      ["select app_jobs.cancel_jobs($1::text::bigint[])", backwards(ids)],
      ["select app_jobs.reschedule_jobs($1::text::bigint[], priority => 1)", backwards(ids)],
      ["select app_jobs.permanently_fail_jobs($1::text::bigint[])", pair(ids)],
      ["select app_jobs.complete_jobs($1::text::bigint[])", backwards(ids)],
      // Their keys are those of the jobs, the second one's first.
      ["select app_jobs.add_task_jobs($1, 'a', '{1,2}', '{a,b}')", tenant],
    ];
    ending = calls.map(([call, ...values]) => db.sql.unsafe(call, values).execute());
    await until("all wait, none with the second job in its hands", async () => {
      const waiting =
        await db.sql`select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
      return waiting.length === ending.length;
    });
    expect(
      await db.sql`select id from app_jobs.jobs where id = ${second} for update skip locked`,
    ).toHaveLength(1);
  });
  await Promise.all(ending);
});
