import { expect, test } from "bun:test";
import { until } from "../../services/testing/until.ts";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";
import { withFunction } from "../../services/testing/with-function.ts";
import { withJobService } from "../../services/testing/with-job-service.ts";
import { createJobs } from "../client/jobs.ts";
import { add, claim, claimForRun, leases, tenant, whileOpen } from "./while-open.ts";

/** Repairs, and gives what each check has mended. */
const repair = async ({ sql }: TestDatabase, rowLimit = 10_000) => [
  ...(await sql<{ name: string; repaired: number; fault: string | null }[]>`
    select check_name as name, repaired::int as repaired, fault from app_jobs.repair(${rowLimit})`),
];

const mended = (name: string, repaired = 1) => ({ name, repaired, fault: null });

/** Does something as a restore or a replica does it: without triggers. */
const withoutTriggers = ({ sql }: TestDatabase, statements: string) =>
  sql.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await tx.unsafe(statements);
  });

const insertInto = (queues: string) => `
  insert into app_jobs.jobs (database_id, task_identifier, queue_name)
  select '${tenant}', 'a', q from unnest('${queues}'::text[]) as q`;

test("where all is well there is nothing to repair, whatever jobs there are", async () => {
  await using db = await withDatabase();
  for (const queue of [null, "q", "q", "r"]) await add(db, queue);
  await claimForRun(db, 2);
  await db.sql`select app_jobs.fail_job('w', id, 'no') from app_jobs.get_job('w')`;
  await db.sql`update app_jobs.jobs set locked_at = now() - interval '1 minute' where locked_at is not null`;
  await db.sql`select app_jobs.rescue_jobs()`;
  expect(await repair(db)).toEqual([]);
});

test("jobs whose worker's row was deleted are taken back, and their queue goes on", async () => {
  await using db = await withDatabase();
  const job = await add(db, "q");
  await claimForRun(db);
  const kept = await add(db);
  const { run } = await claimForRun(db);
  await db.sql`delete from app_jobs.workers where run <> ${run}`;
  await db.sql`select app_jobs.rescue_jobs()`;
  expect(await repair(db)).toEqual([mended("leases")]);
  expect([...(await leases(db))]).toEqual([{ id: kept, run }]);
  expect(await claim(db.sql)).toBe(job);
});

test("a worker that cannot be alive as long as its row says ends when it would without a beat", async () => {
  await using db = await withDatabase();
  await add(db);
  await claimForRun(db);
  await db.sql`update app_jobs.workers set lease_until = now() + interval '1 day'`;
  expect(await repair(db)).toEqual([mended("leases")]);
  const [worker] = await db.sql`
    select lease_until <= now() + make_interval(secs => lease_seconds) as "isRight" from app_jobs.workers`;
  expect(worker).toEqual({ isRight: true });
});

test("serial queues whose jobs came in without triggers are found, as many in one call as it is told", async () => {
  await using db = await withDatabase();
  await withoutTriggers(db, insertInto("{a,a,b,c,d}"));
  await db.sql`delete from app_jobs.jobs where queue_name = 'never'`;
  expect(await claim(db.sql)).toBeNull();
  expect(await repair(db, 2)).toEqual([mended("queues", 2)]);
  expect([await claim(db.sql), await claim(db.sql), await claim(db.sql)]).toEqual(["1", "3", null]);
  expect(await repair(db, 2)).toEqual([mended("queues", 2)]);
  expect([await claim(db.sql), await claim(db.sql)]).toEqual(["4", "5"]);
});

test("an urgent job that came into a known queue without triggers is found", async () => {
  await using db = await withDatabase();
  await db.sql`select app_jobs.add_job(${tenant}, 'a', queue_name => 'q', run_at => now() + interval '1 day')`;
  await withoutTriggers(db, insertInto("{q}"));
  expect(await repair(db)).toEqual([mended("queues")]);
  expect(await claim(db.sql)).toBe("2");
});

test("a queue that stays parked for a job that went without triggers goes on", async () => {
  await using db = await withDatabase();
  await add(db, "q");
  const second = await add(db, "q", 1);
  await claimForRun(db);
  await db.sql`update app_jobs.jobs set locked_at = now() - interval '1 minute' where locked_at is not null`;
  await db.sql`select app_jobs.rescue_jobs()`;
  await withoutTriggers(db, "delete from app_jobs.jobs where locked_at is not null");
  expect(await claim(db.sql)).toBeNull();
  expect(await repair(db)).toEqual([mended("queues")]);
  expect(await claim(db.sql)).toBe(second);
});

test("dead jobs and histories that went past the triggers are put in their places", async () => {
  await using db = await withDatabase();
  await add(db);
  await add(db);
  await db.sql`select app_jobs.fail_job('w', id, 'no') from app_jobs.get_job('w')`;
  await withoutTriggers(
    db,
    "update app_jobs.jobs set attempts = max_attempts where id = 2; delete from app_jobs.jobs where id = 1",
  );
  expect(await repair(db)).toEqual([mended("dead"), mended("histories")]);
  expect([...(await db.sql`select id from app_jobs.dead_jobs`)]).toEqual([{ id: "2" }]);
  expect(await db.sql`select from app_jobs.job_attempts where job_id = 1`).toHaveLength(0);
});

test("ids go on above those that rows have brought along", async () => {
  await using db = await withDatabase();
  await db.sql`insert into app_jobs.jobs (id, database_id, task_identifier) values (5000, ${tenant}, 'a')`;
  await db.sql`
    insert into app_jobs.job_attempts (job_id, id, attempt, tries, ended_at, outcome) overriding system value
    values (5000, 70, 1, 1, now(), 'retry')`;
  await db.sql`
    insert into app_jobs.scheduled_jobs (id, database_id, task_identifier, schedule_info) values (9, ${tenant}, 'a', '{}')`;
  expect(await repair(db)).toEqual([mended("sequences", 3)]);
  expect(Number(await add(db))).toBeGreaterThan(5000);
  await db.sql`select app_jobs.fail_job('w', id, 'no') from app_jobs.get_job('w')`;
  const [latest] = await db.sql<
    { isLast: boolean }[]
  >`select max(id) > 70 as "isLast" from app_jobs.job_attempts`;
  expect(latest).toEqual({ isLast: true });
  expect(await repair(db)).toEqual([]);
});

test("a check that cannot be made is told, and keeps no other from being made", async () => {
  await using db = await withDatabase();
  await withoutTriggers(db, insertInto("{q}"));
  await db.sql.unsafe(`
    create or replace function app_jobs.repair_leases(row_limit integer, inout place text, out repaired bigint, out fault text)
    language plpgsql as $$ begin raise exception 'BROKEN'; end $$`);
  expect(await repair(db)).toEqual([{ name: "leases", repaired: 0, fault: "BROKEN" }, mended("queues")]);
  const [told] = await db.sql`select fault from app_jobs.repairs where check_name = 'leases'`;
  expect(told).toEqual({ fault: "BROKEN" });
});

test("a repair that stays open keeps nobody waiting", async () => {
  await using db = await withDatabase();
  await withoutTriggers(db, insertInto("{q}"));
  await whileOpen(
    db,
    (tx) => tx.unsafe("select app_jobs.repair()"),
    async () => expect(await repair(db)).toEqual([]),
  );
  expect(await repair(db)).toEqual([mended("queues")]);
});

test("keys for callbacks that are restored beside a new one stay good, and a missing one is made", async () => {
  await using restored = await withDatabase();
  // As pg_restore --data-only brings the first key of another database.
  await restored.sql`
    insert into app_jobs.callback_keys (id, secret, created_at) overriding system value
    select id, 'restored', created_at - interval '1 year' from app_jobs.callback_keys`;
  const secrets = () => restored.sql<{ secret: string }[]>`select secret from app_jobs.callback_keys`;
  expect(await createJobs(restored.sql, "app_jobs").callbackKeys()).toEqual([
    expect.stringMatching(/^[0-9a-f]{64}$/),
    "restored",
  ]);
  await restored.sql`truncate app_jobs.callback_keys`;
  expect(await repair(restored)).toEqual([mended("callback_keys")]);
  expect((await secrets())[0]?.secret).toMatch(/^[0-9a-f]{64}$/);
});

test("a job service repairs by itself, and says what it found", async () => {
  await using db = await withDatabase();
  await using fn = await withFunction(() => Response.json({}));
  await withoutTriggers(db, insertInto("{q}"));
  await add(db);
  await claimForRun(db);
  await db.sql`delete from app_jobs.workers`;
  await using service = await withJobService({ ...db.env, KNATIVE_SERVICE_URL: fn.url });
  await until("both have run", async () => (await db.sql`select from app_jobs.jobs`).length === 0);
  const found = service.events.filter(({ event }) => event === "state repaired");
  expect(found.map(({ check, repaired }) => [check, repaired])).toEqual([
    ["leases", 1],
    ["queues", 1],
  ]);
});

test("of many jobs that are dead and cannot be moved each call looks at some, and goes on from there", async () => {
  await using db = await withDatabase();
  await db.sql`select app_jobs.add_job(${tenant}, 'a') from generate_series(1, 45)`;
  await withoutTriggers(db, "update app_jobs.jobs set attempts = max_attempts where id % 9 = 0");
  // Ten times as many as it is told.
  const found = [];
  for (let call = 1; call <= 6; call++) found.push((await repair(db, 1)).map(({ repaired }) => repaired));
  expect(found).toEqual([[1], [1], [1], [1], [1], []]);
});
