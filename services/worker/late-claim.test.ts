import { expect, test } from "bun:test";
import { until } from "../testing/until.ts";
import { withDatabase } from "../testing/with-database.ts";
import { withFunction } from "../testing/with-function.ts";
import { withProcess } from "../testing/with-process.ts";

test("a worker that was frozen while its claim was answered sends none of these jobs when it wakes", async () => {
  await using database = await withDatabase();
  await using fn = await withFunction();
  const { sql } = database;
  await using frozen = withProcess("services/worker/main.ts", {
    ...database.env,
    KNATIVE_SERVICE_URL: fn.url,
    INTERNAL_JOBS_CALLBACK_URL: "http://localhost:1",
    HOSTNAME: "frozen",
    JOBS_LEASE_SECONDS: "3",
    JOBS_POLL_SECONDS: "0.2",
  });
  await until("it is ready", () => frozen.output().includes("worker ready"));
  // One before, so that it has all that it needs to send the next at once.
  const isDone = async () => (await sql`select from app_jobs.jobs`).length === 0;
  await sql`insert into app_jobs.jobs (database_id, task_identifier) values (gen_random_uuid(), 'task')`;
  await until("the first job is done", isDone);

  // The next claim waits in the database until the worker is frozen.
  await sql.unsafe(`
    create function public.wait_here() returns trigger language plpgsql as $$
    begin
      perform pg_advisory_xact_lock(1);
      return new;
    end;
    $$;
    create trigger wait_here before update on app_jobs.jobs
    for each row
    when (old.locked_at is null and new.locked_at is not null)
    execute function public.wait_here();
  `);
  await sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(1)`;
    await sql`insert into app_jobs.jobs (database_id, task_identifier) values (gen_random_uuid(), 'task')`;
    await until("its claim waits", async () => {
      const rows = await sql`
        select from pg_stat_activity
        where wait_event = 'advisory' and application_name = 'jobs-worker'`;
      return rows.length > 0;
    });
    frozen.kill("SIGSTOP");
  });
  await until("its claim is committed", async () => {
    const rows = await sql`select from app_jobs.jobs where locked_by = 'frozen'`;
    return rows.length === 1;
  });
  await until("its lease is over", async () => (await sql`select from app_jobs.rescue_jobs()`).length === 1);
  await sql`update app_jobs.jobs set run_at = now() + interval '1 hour'`;
  frozen.kill("SIGCONT");
  await until("it knows", () => frozen.output().includes("lease lost"));
  await sql`update app_jobs.jobs set run_at = now()`;
  await until("the job is done, under its next run", isDone);
  expect(fn.requests.map(({ headers }) => headers.get("X-Job-Attempt"))).toEqual(["1", "2"]);
});
