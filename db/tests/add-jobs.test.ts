import { expect, test } from "bun:test";
import postgres from "postgres";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

const addJobs = ({ sql }: TestDatabase, specs: readonly (string | null)[]) =>
  sql`select id, task_identifier as task from app_jobs.add_jobs(${[...specs]}::text[]::json[])`;

const spec = (fields: object) => JSON.stringify({ db_id: tenant, identifier: "a", ...fields });

test("many jobs are what as many calls of add_job make", async () => {
  await using db = await withDatabase();
  const full = {
    payload: { n: 1 },
    queue_name: "q",
    run_at: "2030-01-01T00:00:00Z",
    max_attempts: 3,
    priority: -5,
  };
  await addJobs(db, [spec({}), spec({ payload: null, run_at: null }), spec(full)]);
  await db.sql`select app_jobs.add_job(${tenant}, 'a'), app_jobs.add_job(${tenant}, 'a', null)`;
  await db.sql`select app_jobs.add_job(${tenant}, 'a', '{"n":1}', null, 'q', '2030-01-01Z', 3, -5)`;
  const rows = await db.sql`
    select database_id, task_identifier, payload::text, key, queue_name, max_attempts, priority, attempts,
      run_at > now() as is_later
    from app_jobs.jobs order by id`;
  expect(rows.slice(0, 3)).toEqual(rows.slice(3));
});

test("jobs keep their order, their bytes, and their queues go on", async () => {
  await using db = await withDatabase();
  const payload = '{ "b": 1,  "a": "👩 مرحبا" }';
  const given = ["first", "second", "third"].map(
    (name) => `{"db_id":"${tenant}","identifier":"${name}","queue_name":"q","payload":${payload}}`,
  );
  expect((await addJobs(db, given)).map(({ task }) => task)).toEqual(["first", "second", "third"]);
  for (const name of ["first", "second", "third"]) {
    const [job] = await db.sql`
      select id, task_identifier as task, payload::text from app_jobs.get_job('w')`;
    expect(job).toMatchObject({ task: name, payload });
    await db.sql`select app_jobs.complete_job('w', ${job?.["id"]})`;
  }
});

test("a key replaces the waiting job, also within one call", async () => {
  await using db = await withDatabase();
  await addJobs(db, [spec({ job_key: "k", identifier: "old" }), spec({ identifier: "free" })]);
  await addJobs(db, [
    spec({ job_key: "k", identifier: "new" }),
    spec({ job_key: "k", identifier: "newest" }),
  ]);
  const rows = await db.sql`select task_identifier as task, key from app_jobs.jobs order by task_identifier`;
  expect([...rows]).toEqual([
    { task: "free", key: null },
    { task: "newest", key: "k" },
  ]);
});

test.each([
  ["is null", null],
  ["is of the type array", "[1]"],
  ["is of the type null", "null"],
  ["is without db_id", '{"identifier":"a","payload":{"token":"s3cret"}}'],
  ["is without identifier", `{"db_id":"${tenant}","identifier":"","payload":{"token":"s3cret"}}`],
  ["has an identifier of more than 126 characters", spec({ identifier: "é".repeat(127) })],
  ["has a queue_name of more than 126 characters", spec({ queue_name: "é".repeat(127) })],
  ["has a job_key of more than 512 characters", spec({ job_key: "é".repeat(513) })],
  ["has max_attempts below 1", spec({ max_attempts: 0 })],
  ["has max_attempts below 1", spec({ max_attempts: -1, job_key: "k" })],
])(
  "one bad job (%s) is named by its place and fault, not its payload, and none is added",
  async (fault, bad) => {
    await using db = await withDatabase();
    const error = await addJobs(db, [spec({}), bad]).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof postgres.PostgresError)) throw new Error("It was not refused.");
    expect(error.message).toBe("INVALID_JOB");
    expect(error.detail).toBe(`Job 2 of add_jobs ${fault}.`);
    expect(await db.sql`select from app_jobs.jobs`).toHaveLength(0);
  },
);

test("a parameter that add_job does not have is refused by its name, and no job is added", async () => {
  await using db = await withDatabase();
  for (const jobs of [
    [spec({}), spec({ runAt: "2030-01-01" })],
    [spec({ job_key: "k" }), `{"db_id":"${tenant}","identifer":"a"}`],
  ]) {
    const error = await addJobs(db, jobs).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof postgres.PostgresError)) throw new Error("It was not refused.");
    expect(error.message).toBe("INVALID_JOB");
    expect(error.detail).toMatch(
      /^Job 2 of add_jobs has '(runAt|identifer)', which is no parameter of add_job\.$/,
    );
    expect(error.hint).toContain("run_at");
  }
  expect(await db.sql`select from app_jobs.jobs`).toHaveLength(0);
});

test("no jobs at all is fine", async () => {
  await using db = await withDatabase();
  expect(await addJobs(db, [])).toHaveLength(0);
});
