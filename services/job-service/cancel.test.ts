import { expect, test } from "bun:test";
import { createJobs } from "#db/jobs";
import { until } from "../testing/until.ts";
import { withDatabase } from "../testing/with-database.ts";
import { type Received, withFunction } from "../testing/with-function.ts";
import { withJobService } from "../testing/with-job-service.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

/** A job service whose function answers no request until its connection closes, and keeps which ones did. */
async function withSlowFunction(env: Record<string, string> = {}) {
  const aborted: (string | null)[] = [];
  const database = await withDatabase();
  const fn = await withFunction((request) =>
    request.path === "/slow" ? answerWhenAborted(request, aborted) : Response.json({}),
  );
  const service = await withJobService({ ...database.env, KNATIVE_SERVICE_URL: fn.url, ...env });
  return {
    sql: database.sql,
    jobs: createJobs(database.sql, "app_jobs"),
    fn,
    aborted,
    service,
    [Symbol.asyncDispose]: async () => {
      await service[Symbol.asyncDispose]();
      await fn[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

function answerWhenAborted(request: Received, aborted: (string | null)[]): Promise<Response> {
  return new Promise((resolve) => {
    const onAbort = () => {
      aborted.push(request.headers.get("X-Job-Id"));
      resolve(Response.json({ late: true }));
    };
    if (request.signal.aborted) onAbort();
    request.signal.addEventListener("abort", onAbort);
  });
}

// An hour's lease has a beat each twenty minutes: what comes within the test came by notification.
test("a running job that is cancelled is broken off at once, and its function sees the connection close", async () => {
  await using stack = await withSlowFunction({ JOBS_LEASE_SECONDS: "3600" });
  await stack.sql`select app_jobs.add_job(${tenant}, 'slow', queue_name => 'q')`;
  await stack.sql`select app_jobs.add_job(${tenant}, 'next', queue_name => 'q')`;
  await until("the function works", () => stack.fn.requests.length === 1);
  expect(await stack.jobs.cancelJobs(["1"], "Ordered twice.")).toEqual(new Set(["1"]));
  await until("the function has seen it", () => stack.aborted.length === 1);
  await until("the queue's next job is sent", () => stack.fn.requests.length === 2);
  await until("it is done", async () => (await stack.sql`select from app_jobs.jobs`).length === 0);
  expect(stack.aborted).toEqual(["1"]);
  expect([...(await stack.sql`select id, reason, last_error from app_jobs.dead_jobs`)]).toEqual([
    { id: "1", reason: "cancelled", last_error: "Ordered twice." },
  ]);
});

test("without notifications a cancelled job is broken off with the next beat", async () => {
  await using stack = await withSlowFunction({
    JOBS_LEASE_SECONDS: "1",
    JOBS_LISTEN_URL: "postgres://nobody@127.0.0.1:1/nothing",
  });
  await stack.sql`select app_jobs.add_job(${tenant}, 'slow')`;
  await until("the function works", () => stack.fn.requests.length === 1);
  await stack.jobs.cancelJobs(["1"]);
  await until("the function has seen it", () => stack.aborted.length === 1);
});

test("only the cancelled one of many requests is broken off, and its retry is a request of its own", async () => {
  await using stack = await withSlowFunction();
  await stack.sql`select app_jobs.add_job(${tenant}, 'slow') from generate_series(1, 5)`;
  await until("all are under way", () => stack.fn.requests.length === 5);
  await stack.jobs.cancelJobs(["3"]);
  await until("one was broken off", () => stack.aborted.length === 1);
  await stack.sql`select app_jobs.retry_dead_jobs(array[3])`;
  await until("it is sent again", () => stack.fn.requests.length === 6);
  expect(stack.aborted).toEqual(["3"]);
  expect(stack.fn.requests[5]?.headers.get("X-Job-Id")).toBe("3");
});

test("a job that answered 202 and is cancelled has its next callback answered 409", async () => {
  await using database = await withDatabase();
  await using fn = await withFunction(() => new Response(null, { status: 202 }));
  await using _service = await withJobService({ ...database.env, KNATIVE_SERVICE_URL: fn.url });
  await database.sql`select app_jobs.add_job(${tenant}, 'x')`;
  await until(
    "it is accepted",
    async () => (await database.sql`select from app_jobs.jobs where accepted_at is not null`).length > 0,
  );
  await createJobs(database.sql, "app_jobs").cancelJobs(["1"]);
  const callBack = async (body: string) => {
    const headers = { "X-Worker-Id": "w", "X-Job-Id": "1" };
    const url = fn.requests[0]?.headers.get("X-Callback-Url") ?? "";
    return (await fetch(url, { method: "POST", headers, body })).status;
  };
  expect(await callBack('{"status":"running","progress":0.5}')).toBe(409);
  expect(await callBack('{"status":"success"}')).toBe(409);
  expect([...(await database.sql`select reason from app_jobs.dead_jobs`)]).toEqual([{ reason: "cancelled" }]);
});

test("a policy holds from the next request on, without a restart", async () => {
  await using stack = await withSlowFunction({ JOBS_LEASE_SECONDS: "3600" });
  await stack.sql`select app_jobs.set_task_policy('slow', timeout_seconds => 0.3, max_attempts => 1)`;
  await stack.sql`select app_jobs.add_job(${tenant}, 'other')`;
  await until("others are done", () => stack.fn.requests.length === 1);
  await until("the worker knows, and the job dies of its timeout", async () => {
    await stack.sql`select app_jobs.add_job(${tenant}, 'slow', job_key => 'k')`;
    return (await stack.sql`select from app_jobs.dead_jobs where last_error like '%within 0.3 s'`).length > 0;
  });
  const request = stack.fn.requests.findLast(({ path }) => path === "/slow");
  expect(request?.headers.get("X-Job-Max-Attempts")).toBe("1");
  expect(Date.parse(request?.headers.get("X-Job-Deadline") ?? "")).toBeLessThan(Date.now() + 1_000);
});
