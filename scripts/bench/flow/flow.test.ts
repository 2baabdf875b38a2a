import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import type { Sql } from "../../../db/client/connect.ts";
import { stopTestCluster, withDatabase } from "../../../services/testing/with-database.ts";

// What the prototype of flow control promises, under concurrency: what bench flow measures would be worth little otherwise.

afterAll(stopTestCluster);

type Row = { id: string; token: string; database_id: string };

const claim = (sql: Sql, limit: number) =>
  sql<Row[]>`select * from flow.claim(${crypto.randomUUID()}, ${limit})`;

const tenants = Array.from({ length: 20 }, () => crypto.randomUUID());

async function withFlow() {
  const database = await withDatabase();
  await database.sql.unsafe(await Bun.file(join(import.meta.dirname, "flow.sql")).text());
  return database;
}

async function enqueue(sql: Sql, jobsEach: number): Promise<void> {
  for (let n = 0; n < jobsEach; n++) await sql`select flow.add(${tenants}::uuid[], '{}', true)`;
}

/** Claims and completes from four workers at once until nothing is left; gives the most leases that a lane ever had. */
async function work(sql: Sql, { jobs, batch }: { jobs: number; batch: number }): Promise<number> {
  const seen = { done: 0, most: 0 };
  const worker = async () => {
    const run = crypto.randomUUID();
    while (seen.done < jobs) {
      const rows = await sql<{ id: string; token: string }[]>`select * from flow.claim(${run}, ${batch}, 2)`;
      const lanes = await sql<{ leases: number }[]>`
        select count(*)::integer as leases from flow.jobs where locked_at is not null group by lane_id`;
      seen.most = Math.max(seen.most, ...lanes.map(({ leases }) => leases));
      const ended = await sql`
        select flow.complete(${rows.map(({ id }) => id)}::bigint[], ${rows.map(({ token }) => token)}::uuid[])`;
      seen.done += ended.length;
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  return seen.most;
}

test("four workers never lease more of a lane than its limit, and no wake-up is lost", async () => {
  await using database = await withFlow();
  await enqueue(database.sql, 30);
  await database.sql`update flow.lanes set max_in_flight = 3`;
  expect(await work(database.sql, { jobs: 600, batch: 10 })).toBeLessThanOrEqual(3);
});

test("jobs that arrive while their lane is being closed are found", async () => {
  await using database = await withFlow();
  const { sql } = database;
  const enqueuing = enqueue(sql, 60);
  await work(sql, { jobs: 1200, batch: 40 });
  await enqueuing;
  expect(await sql`select id from flow.jobs`).toBeEmpty();
});

test("a paused lane gives nothing, and the others everything", async () => {
  await using database = await withFlow();
  const { sql } = database;
  await enqueue(sql, 3);
  await sql`update flow.lanes set state = 'paused' where database_id = ${tenants[0] ?? ""}`;
  const claimed = await claim(sql, 100);
  expect(claimed).toHaveLength(57);
  expect(claimed.map((row) => row.database_id)).not.toContain(tenants[0]);
});

test("a lane gives no more than its tokens, and wakes when some have come", async () => {
  await using database = await withFlow();
  const { sql } = database;
  await enqueue(sql, 5);
  await sql`
    update flow.lanes
    set rate_per_second = 0.001, burst = 2, tokens = 2, refilled_at = now()`;
  expect(await claim(sql, 200)).toHaveLength(40);
  expect(await claim(sql, 200)).toBeEmpty();
  await sql`
    update flow.lanes
    set refilled_at = refilled_at - interval '1 hour', wakes_at = wakes_at - interval '1 hour'`;
  expect(await claim(sql, 200)).toHaveLength(40);
});

test("one tenant's backlog leaves the others their turns", async () => {
  await using database = await withFlow();
  const { sql } = database;
  const [large = ""] = tenants;
  await sql`select flow.add(array_fill(${large}::uuid, array[1000]), '{}', true)`;
  await enqueue(sql, 2);
  const claimed = await sql<{ database_id: string }[]>`
    select * from flow.claim(${crypto.randomUUID()}, 40, 2)`;
  expect(claimed.filter((row) => row.database_id === large)).toHaveLength(2);
});

/** Enqueues three jobs of one tenant under a limit of one, and leases the first. */
async function leaseOneOfThree(sql: Sql): Promise<Row> {
  await sql`select flow.add(array_fill(${crypto.randomUUID()}::uuid, array[3]), '{}', true)`;
  await sql`update flow.lanes set max_in_flight = 1`;
  const [row] = await claim(sql, 10);
  if (row === undefined) throw new Error("Cannot lease a job: none was claimed.");
  return row;
}

test("a full lane is not closed while a lease in it is about to end", async () => {
  await using database = await withFlow();
  const { sql } = database;
  const row = await leaseOneOfThree(sql);
  await sql`update flow.lanes set state = 'open'`;
  await sql.begin(async (ending) => {
    await ending`select flow.complete(${[row.id]}::bigint[], ${[row.token]}::uuid[])`;
    expect(await claim(sql, 10)).toBeEmpty();
  });
  expect(await claim(sql, 10)).toHaveLength(1);
});

test("a completion that met its lane full opens it", async () => {
  await using database = await withFlow();
  const { sql } = database;
  const row = await leaseOneOfThree(sql);
  expect(await claim(sql, 10)).toBeEmpty();
  expect(await sql`select from flow.lanes where state = 'full'`).toHaveLength(1);
  await sql`select flow.complete(${[row.id]}::bigint[], ${[row.token]}::uuid[])`;
  expect(await claim(sql, 10)).toHaveLength(1);
});

test("an empty lane is not closed while a job is about to come, and hides no other", async () => {
  await using database = await withFlow();
  const { sql } = database;
  await sql`
    insert into flow.lanes (task_identifier, database_id)
    select 'mail', unnest(${tenants}::uuid[])`;
  await sql`select flow.add(${tenants.slice(-1)}::uuid[], '{}', true)`;
  await sql.begin(async (coming) => {
    await coming`select flow.add(${tenants.slice(0, 1)}::uuid[], '{}', true)`;
    expect(await claim(sql, 10)).toHaveLength(1);
  });
  expect(await sql`select from flow.lanes where state = 'idle'`).toHaveLength(19);
  expect(await claim(sql, 10)).toHaveLength(1);
});

test("a lane that another claim holds is passed over, not waited for", async () => {
  await using database = await withFlow();
  const { sql } = database;
  await sql`select flow.add(array_fill(${crypto.randomUUID()}::uuid, array[3]), '{}', true)`;
  await sql.begin(async (other) => {
    expect(await other`select * from flow.claim(${crypto.randomUUID()}, 1)`).toHaveLength(1);
    expect(await claim(sql, 10)).toBeEmpty();
  });
  expect(await claim(sql, 10)).toHaveLength(2);
});
