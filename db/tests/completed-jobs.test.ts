import { expect, test } from "bun:test";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";
import { connect } from "../client/connect.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";
const weekSeconds = 604_800;

async function lease({ sql }: TestDatabase): Promise<{ run: string; id: string; token: string }> {
  const run = crypto.randomUUID();
  await sql`select app_jobs.register_worker(${run}, 'w', 60)`;
  await sql`select app_jobs.add_job(${tenant}, 'a', '{"n":  1}')`;
  const [claimed] = await sql<{ id: string; token: string }[]>`
    select id, lease_token as token from app_jobs.get_jobs(${run}, 1) where kind = 'job'`;
  return { run, id: claimed?.id ?? "", token: claimed?.token ?? "" };
}

async function partitions({ sql }: TestDatabase): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select c.relname as name from pg_inherits join pg_class as c on c.oid = inhrelid
    where inhparent = 'app_jobs.completed_jobs'::regclass order by 1`;
  return rows.map(({ name }) => name);
}

const kept = async ({ sql }: TestDatabase) => [
  ...(await sql`select id from app_jobs.completed_jobs order by id`),
];

async function columns({ sql }: TestDatabase, table: string): Promise<string[]> {
  const rows = await sql<{ column: string }[]>`
    select attname || ' ' || format_type(atttypid, atttypmod) as column
    from pg_attribute where attrelid = ${table}::regclass and attnum > 0 and not attisdropped order by attnum`;
  return rows.map(({ column }) => column);
}

test("completed_jobs has the columns of jobs, in their order, and four more", async () => {
  await using db = await withDatabase();
  expect(await columns(db, "app_jobs.completed_jobs")).toEqual([
    ...(await columns(db, "app_jobs.jobs")),
    "completed_at timestamp with time zone",
    "duration_seconds double precision",
    "history json",
    "kept_until timestamp with time zone",
  ]);
});

test("a job that is kept has its columns, its worker, its duration and its history", async () => {
  await using db = await withDatabase();
  const { id, token } = await lease(db);
  await db.sql`
    select app_jobs.fail_leases(array[${id}::bigint], array[${token}::uuid], array['retry'], array['no paint'], array[0::float8])`;
  const before = await db.sql`select * from app_jobs.job_history(1)`;
  await db.sql`update app_jobs.jobs set run_at = now()`;
  const [again] =
    await db.sql`select id, lease_token as token from app_jobs.get_jobs((select run from app_jobs.workers), 1) where kind = 'job'`;
  await db.sql`update app_jobs.jobs set locked_at = now() - interval '90 seconds'`;
  const done = await db.sql`
    select app_jobs.keep_leases(array[${id}::bigint], array[${again?.["token"]}::uuid], ${weekSeconds}) as id`;
  expect([...done]).toEqual([{ id }]);
  const [row] = await db.sql`
    select id, database_id, task_identifier, payload::text, attempts, locked_by, last_error, duration_seconds > 89 as is_long,
      kept_until - completed_at as keep, completed_at <= now() as is_past from app_jobs.completed_jobs`;
  expect(row).toEqual({
    id,
    database_id: tenant,
    task_identifier: "a",
    payload: '{"n":  1}',
    attempts: 2,
    locked_by: "w",
    last_error: "no paint",
    is_long: true,
    keep: "7 days",
    is_past: true,
  });
  expect([...before]).toHaveLength(1);
  expect([...(await db.sql`select * from app_jobs.job_history(1)`)]).toEqual([...before]);
  expect(await db.sql`select from app_jobs.job_attempts`).toHaveLength(0);
  expect(await db.sql`select from app_jobs.jobs`).toHaveLength(0);
});

test("a claim and a callback keep what they complete, where they are told so", async () => {
  await using db = await withDatabase();
  const first = await lease(db);
  await db.sql`
    select app_jobs.get_jobs(${first.run}, 1, completed_ids => array[${first.id}::bigint, 99],
      completed_tokens => array[${first.token}::uuid, ${first.token}], keep_seconds => 60)`;
  const second = await lease(db);
  const report = JSON.stringify({ kind: "keep", keepSeconds: 60 });
  const answers = [];
  for (const token of [crypto.randomUUID(), second.token, second.token])
    answers.push(
      ...(await db.sql<{ answer: string }[]>`
        select app_jobs.callback_job(${second.id}, ${token}, ${report}::text::json) as answer`),
    );
  expect(answers.map(({ answer }) => answer)).toEqual(["passed on", "taken", "repeated"]);
  expect(await kept(db)).toEqual([{ id: first.id }, { id: second.id }]);
});

test("what is completed under a lease that has passed on is not kept", async () => {
  await using db = await withDatabase();
  const { id } = await lease(db);
  await db.sql`select app_jobs.keep_leases(array[${id}::bigint], array[gen_random_uuid()], 60)`;
  expect(await kept(db)).toEqual([]);
  expect(await db.sql`select from app_jobs.jobs`).toHaveLength(1);
});

test("plain callers keep what they complete where the database says so, and only then", async () => {
  await using db = await withDatabase();
  const complete = async () => {
    await db.sql.begin(async (sql) => {
      await sql`select app_jobs.add_job(${tenant}, 'a') from generate_series(1, 2)`;
      await sql`select app_jobs.complete_job('w', id) from app_jobs.get_job('w')`;
      await sql`select app_jobs.complete_jobs(array(select id from app_jobs.jobs where locked_at is null))`;
    });
  };
  await complete();
  expect(await kept(db)).toEqual([]);
  const [{ name } = { name: "" }] = await db.sql<{ name: string }[]>`select current_database() as name`;
  await db.sql.unsafe(`alter database ${name} set jobs.keep_completed = '7 days'`);
  const sql = connect(db.settings, { max: 1, name: "plain" });
  try {
    await sql`select app_jobs.add_job(${tenant}, 'a') from generate_series(1, 2)`;
    await sql`select app_jobs.complete_job('w', id) from app_jobs.get_job('w')`;
    await sql`select app_jobs.complete_job('other', 4)`;
    await sql`select app_jobs.complete_jobs(array[4])`;
  } finally {
    await sql.end();
  }
  const rows = await db.sql`
    select id, duration_seconds is null as by_hand, kept_until - completed_at as keep from app_jobs.completed_jobs order by id`;
  expect([...rows]).toEqual([
    { id: "3", by_hand: false, keep: "7 days" },
    { id: "4", by_hand: true, keep: "7 days" },
  ]);
});

test.each([
  ["a setting that is no interval", "select set_config('jobs.keep_completed', 'a week or so', true)"],
  [
    "a partition that takes no row",
    "select app_jobs.add_completed_partition(now() + interval '1 day'); alter table app_jobs.completed_jobs add check (id < 0)",
  ],
  ["a partition that cannot be made", "alter table app_jobs.completed_jobs add check (id < 0)"],
  [
    "a partition that is missing for good",
    `select app_jobs.add_completed_partition(now() + interval '1 day');
     do $$ begin
       execute (select format('alter table app_jobs.completed_jobs detach partition %s', inhrelid::regclass) from pg_inherits
         where inhparent = 'app_jobs.completed_jobs'::regclass);
     end $$`,
  ],
])("with %s a job is completed all the same", async (_, fault) => {
  await using db = await withDatabase();
  await db.sql`select app_jobs.add_job(${tenant}, 'a')`;
  await db.sql.begin(async (sql) => {
    await sql`select set_config('jobs.keep_completed', '1 day', true)`;
    await sql.unsafe(fault);
    await sql`select app_jobs.complete_job('w', id) from app_jobs.get_job('w')`;
  });
  expect(await db.sql`select from app_jobs.jobs`).toHaveLength(0);
  expect(await db.sql`select from app_jobs.completed_jobs`).toHaveLength(0);
});

test("partitions are made a day ahead, by any number of callers at once, for each length of time", async () => {
  await using db = await withDatabase();
  await Promise.all(
    Array.from(
      { length: 8 },
      (_, n) => db.sql`select app_jobs.tidy_completed_jobs(${n % 2 === 0 ? weekSeconds : 30 * 86_400})`,
    ),
  );
  expect(await partitions(db)).toHaveLength(4);
});

test("completions that need the same new partition at once are all kept", async () => {
  await using db = await withDatabase();
  const leases = [];
  for (let n = 0; n < 8; n++) leases.push(await lease(db));
  await Promise.all(
    leases.map(
      ({ id, token }) =>
        db.sql`select app_jobs.keep_leases(array[${id}::bigint], array[${token}::uuid], ${weekSeconds})`,
    ),
  );
  expect(await kept(db)).toHaveLength(8);
  expect(await partitions(db)).toHaveLength(1);
});

test("partitions whose day has passed are dropped, whoever keeps jobs for how long", async () => {
  await using db = await withDatabase();
  for (const days of [-40, -1, 0, 6])
    await db.sql`select app_jobs.add_completed_partition(now() + make_interval(days => ${days}))`;
  await db.sql`create table app_jobs.completed_jobs_mine partition of app_jobs.completed_jobs for values from ('2001-01-01Z') to ('2001-01-02Z')`;
  const before = await partitions(db);
  const dropped = await Promise.all(
    Array.from(
      { length: 4 },
      () => db.sql<{ count: number }[]>`select app_jobs.tidy_completed_jobs() as count`,
    ),
  );
  expect(dropped.flat().reduce((sum, { count }) => sum + count, 0)).toBe(2);
  expect(await partitions(db)).toEqual(before.slice(2));
});

test("a partition that something depends on is kept, and the others are dropped all the same", async () => {
  await using db = await withDatabase();
  for (const days of [-3, -2])
    await db.sql`select app_jobs.add_completed_partition(now() + make_interval(days => ${days}))`;
  const [held = "", passed = ""] = await partitions(db);
  await db.sql.unsafe(`create view public.report as select id from app_jobs.${held}`);
  expect([...(await db.sql`select app_jobs.tidy_completed_jobs(60) as dropped`)]).toEqual([{ dropped: 1 }]);
  const left = await partitions(db);
  expect(left).toContain(held);
  expect(left).not.toContain(passed);
});

test("a reader that does not end holds up neither completions nor the tidying of others, and the drop comes later", async () => {
  await using db = await withDatabase();
  await db.sql`select app_jobs.add_completed_partition(now() - interval '3 days')`;
  const { id, token } = await lease(db);
  const reader = await db.sql.reserve();
  try {
    await reader`begin`;
    await reader`select from app_jobs.completed_jobs`;
    const [given] = await db.sql`select app_jobs.tidy_completed_jobs(60) as dropped`;
    expect(given).toEqual({ dropped: 0 });
    await db.sql`select app_jobs.keep_leases(array[${id}::bigint], array[${token}::uuid], 60)`;
    expect(await kept(db)).toHaveLength(1);
  } finally {
    await reader`rollback`;
    reader.release();
  }
  const [then] = await db.sql`select app_jobs.tidy_completed_jobs(60) as dropped`;
  expect(then).toEqual({ dropped: 1 });
  expect(await kept(db)).toHaveLength(1);
});
