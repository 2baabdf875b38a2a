import { expect, test } from "bun:test";
import { withDatabase } from "../../services/testing/with-database.ts";
import { claim, tenant } from "./while-open.ts";

// Many jobs with keys in one call, and rows that a trigger of the user's own keeps out.

const keys = Array.from({ length: 100 }, (_, n) => `k${n + 1}`);

const specs = (list: readonly string[]) =>
  list.map((key) => JSON.stringify({ db_id: tenant, identifier: "a", job_key: key, payload: key }));

const ways: Record<string, { text: string; values: (list: readonly string[]) => unknown[] }> = {
  add_task_jobs: {
    text: "select key, id from app_jobs.add_task_jobs($1, 'a', $2::text[]::json[], $3::text[])",
    values: (list) => [tenant, list.map((key) => JSON.stringify(key)), list],
  },
  add_jobs: {
    text: "select key, id from app_jobs.add_jobs($1::text[]::json[])",
    values: (list) => [specs(list)],
  },
};

test.each(Object.entries(ways))(
  "%s at once with the same keys in opposite orders never wait in a circle, and give rows in their caller's order",
  async (_, { text, values }) => {
    await using db = await withDatabase();
    const add = (list: readonly string[]) =>
      db.sql.unsafe<{ key: string }[]>(text, values(list) as never[]).execute();
    for (let round = 1; round <= 3; round++) {
      // Sometimes all are new, sometimes all are there, sometimes they run.
      if (round % 3 === 1) await db.sql`delete from app_jobs.jobs`;
      if (round % 3 === 0)
        await db.sql`update app_jobs.jobs set locked_at = now(), locked_by = 'w', attempts = 1`;
      const lists = [keys, keys.toReversed(), keys, keys.toReversed()];
      const added = await Promise.all(lists.map(add));
      expect(added.map((rows) => rows.map(({ key }) => key))).toEqual(lists);
    }
  },
);

test.each(Object.entries(ways))(
  "%s gives jobs their turns in the order of the call",
  async (_, { text, values }) => {
    await using db = await withDatabase();
    const order = ["b", "a", "c"];
    await db.sql.unsafe(text, values(order) as never[]);
    const ids = await db.sql<{ key: string }[]>`select key from app_jobs.jobs order by id`;
    expect(ids.map(({ key }) => key)).toEqual(order);
  },
);

test.each(Object.entries(ways))("of one key twice in one %s the last stays", async (_, { text, values }) => {
  await using db = await withDatabase();
  const rows = await db.sql.unsafe<{ id: string }[]>(text, values(["a", "b", "a"]) as never[]);
  expect(rows.map(({ id }) => id)).toEqual(["1", "2", "1"]);
  expect(await db.sql`select from app_jobs.jobs`).toHaveLength(2);
});

const swallow = (when: string) => `
  create function public.swallow() returns trigger language plpgsql as $$ begin return null; end $$;
  create trigger swallow before ${when} on app_jobs.jobs for each row execute function public.swallow()`;

test.each([
  ["add_job without a key", `select id from app_jobs.add_job('${tenant}', 'a')`, [{ id: null }]],
  ["add_job with a key", `select id from app_jobs.add_job('${tenant}', 'a', job_key => 'k')`, [{ id: null }]],
  ["add_task_jobs", `select id from app_jobs.add_task_jobs('${tenant}', 'a', '{1}', '{k}')`, [{ id: null }]],
  ["retry_dead_jobs", "select id from app_jobs.retry_dead_jobs('{1}')", []],
  ["add_scheduled_job's tick", "select id from app_jobs.run_scheduled_job(1)", [{ id: null }]],
])("%s adds nothing, and ends, where a trigger keeps the row out", async (_, statement, expected) => {
  await using db = await withDatabase();
  await db.sql`select app_jobs.add_job(${tenant}, 'a')`;
  await db.sql`select app_jobs.cancel_jobs('{1}')`;
  await db.sql`select app_jobs.add_scheduled_job(${tenant}, 'a', '{}', '{"rule":"* * * * *"}', job_key => 's')`;
  await db.sql.unsafe(swallow("insert"));
  expect([...(await db.sql.unsafe(statement))]).toEqual(expected as never);
  expect(await db.sql`select from app_jobs.jobs`).toHaveLength(0);
  expect(await db.sql`select from app_jobs.dead_jobs`).toHaveLength(1);
});

test("add_job with the key of a running job that a trigger does not let go of it is refused in words", async () => {
  await using db = await withDatabase();
  await db.sql`select app_jobs.add_job(${tenant}, 'a', job_key => 'k')`;
  await claim(db.sql);
  await db.sql.unsafe(swallow("update"));
  const answer = await db.sql`select app_jobs.add_job(${tenant}, 'a', job_key => 'k')`.then(
    () => "added",
    String,
  );
  expect(answer).toContain("JOB_NOT_ADDED");
});
