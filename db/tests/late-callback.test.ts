import { expect, test } from "bun:test";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

type Failure = { readonly kind?: "retry" | "dead"; readonly status?: number; readonly maxAttempts?: number };

/** A job whose worker recorded a failed attempt, with the status of the answer where there was one: it waits for its retry, or is dead. */
async function failedJob({ sql }: TestDatabase, { kind = "retry", status, maxAttempts = 25 }: Failure = {}) {
  await sql`select app_jobs.add_job(${tenant}, 'a', job_key => 'k', queue_name => 'q', max_attempts => ${maxAttempts})`;
  await sql`select from app_jobs.get_job('w')`;
  const [job] = await sql`select id, lease_token as token from app_jobs.jobs`;
  await sql`
    select from app_jobs.fail_leases(
      array[${job?.["id"]}::bigint], array[${job?.["token"]}::uuid], array[${kind}], array['Connection lost'],
      array[null::float8], http_statuses => array[${status ?? null}::int])`;
  return { id: job?.["id"], token: job?.["token"] };
}

async function report({ sql }: TestDatabase, job: { id: string; token: string }, kind: string) {
  const [row] = await sql`
    select app_jobs.callback_job(${job.id}, ${job.token}, ${JSON.stringify({ kind, keepSeconds: 60 })}::text::json)
      as answer`;
  return row?.["answer"];
}

test.each(["complete", "keep"])(
  "a late %s of an attempt without an answer ends the job that waits for its retry",
  async (kind) => {
    await using db = await withDatabase();
    const job = await failedJob(db);
    expect(await report(db, job, kind)).toBe("taken");
    expect(await db.sql`select from app_jobs.jobs`).toHaveLength(0);
    expect(await db.sql`select from app_jobs.job_attempts`).toHaveLength(0);
    expect(await db.sql`select from app_jobs.completed_jobs`).toHaveLength(kind === "keep" ? 1 : 0);
    expect(await report(db, job, kind)).toBe("repeated");
  },
);

test("a late completion changes nothing once the job is claimed again", async () => {
  await using db = await withDatabase();
  const job = await failedJob(db);
  await db.sql`update app_jobs.jobs set run_at = now()`;
  await db.sql`select from app_jobs.get_job('w')`;
  expect(await report(db, job, "complete")).toBe("passed on");
  expect(await db.sql`select from app_jobs.jobs where locked_at is not null`).toHaveLength(1);
});

test("a late completion does not end the new job that has taken the key", async () => {
  await using db = await withDatabase();
  const job = await failedJob(db);
  await db.sql`select app_jobs.add_job(${tenant}, 'a', '{"new":true}', 'k')`;
  expect(await report(db, job, "complete")).toBe("passed on");
  expect(await db.sql`select from app_jobs.jobs`).toHaveLength(1);
});

test("a late completion does not undo a failure that the function answered", async () => {
  await using db = await withDatabase();
  const job = await failedJob(db, { status: 500 });
  expect(await report(db, job, "complete")).toBe("repeated");
  expect(await db.sql`select from app_jobs.jobs`).toHaveLength(1);
});

test("a late failure of an attempt without an answer leaves the job waiting", async () => {
  await using db = await withDatabase();
  const job = await failedJob(db);
  expect(await report(db, job, "retry")).toBe("repeated");
  expect(await db.sql`select from app_jobs.jobs`).toHaveLength(1);
});

test.each(["complete", "keep"])(
  "a late %s of a last attempt without an answer ends the dead job",
  async (kind) => {
    await using db = await withDatabase();
    const job = await failedJob(db, { maxAttempts: 1 });
    expect(await db.sql`select from app_jobs.dead_jobs`).toHaveLength(1);
    expect(await report(db, job, kind)).toBe("taken");
    const tables = db.sql`
    select (select count(*)::int from app_jobs.jobs) as jobs, (select count(*)::int from app_jobs.dead_jobs) as dead,
      (select count(*)::int from app_jobs.job_attempts) as attempts,
      (select count(*)::int from app_jobs.completed_jobs) as completed`;
    expect([...(await tables)]).toEqual([
      { jobs: 0, dead: 0, attempts: 0, completed: kind === "keep" ? 1 : 0 },
    ]);
    expect(await report(db, job, kind)).toBe("repeated");
  },
);

test("a late completion ends a dead job whose key another job has by now, and leaves that one alone", async () => {
  await using db = await withDatabase();
  const job = await failedJob(db, { maxAttempts: 1 });
  const [other] = await db.sql`select (app_jobs.add_job(${tenant}, 'b', job_key => 'k')).id`;
  expect(await report(db, job, "complete")).toBe("taken");
  expect([...(await db.sql`select id, key from app_jobs.jobs`)]).toEqual([{ id: other?.["id"], key: "k" }]);
  expect(await db.sql`select from app_jobs.dead_jobs`).toHaveLength(0);
});

test.each([
  ["the function answered it", { status: 500, maxAttempts: 1 }, "complete"],
  ["it failed for good", { kind: "dead" }, "complete"],
  ["the report is a failure", { maxAttempts: 1 }, "retry"],
] as const)("a late callback leaves a dead job dead where %s", async (_, failure, kind) => {
  await using db = await withDatabase();
  const job = await failedJob(db, failure);
  expect(await report(db, job, kind)).toBe("repeated");
  expect(await db.sql`select from app_jobs.dead_jobs`).toHaveLength(1);
});

test("a late completion changes nothing once the dead job was retried", async () => {
  await using db = await withDatabase();
  const job = await failedJob(db, { maxAttempts: 1 });
  await db.sql`select app_jobs.retry_dead_jobs(array[${job.id}::bigint])`;
  expect(await report(db, job, "complete")).toBe("passed on");
  expect(await db.sql`select from app_jobs.jobs`).toHaveLength(1);
});
