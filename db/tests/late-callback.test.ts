import { expect, test } from "bun:test";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

/** A job that waits for its retry: its worker recorded a failed attempt, with the status of the answer where there was one. */
async function failedJob({ sql }: TestDatabase, status: number | null = null) {
  await sql`select app_jobs.add_job(${tenant}, 'a', job_key => 'k', queue_name => 'q')`;
  await sql`select from app_jobs.get_job('w')`;
  const [job] = await sql`select id, lease_token as token from app_jobs.jobs`;
  await sql`
    select from app_jobs.fail_leases(
      array[${job?.["id"]}::bigint], array[${job?.["token"]}::uuid], array['retry'], array['Connection lost'],
      array[null::float8], http_statuses => array[${status}::int])`;
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
  const job = await failedJob(db, 500);
  expect(await report(db, job, "complete")).toBe("repeated");
  expect(await db.sql`select from app_jobs.jobs`).toHaveLength(1);
});

test("a late failure of an attempt without an answer leaves the job waiting", async () => {
  await using db = await withDatabase();
  const job = await failedJob(db);
  expect(await report(db, job, "retry")).toBe("repeated");
  expect(await db.sql`select from app_jobs.jobs`).toHaveLength(1);
});
