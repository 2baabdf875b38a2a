import { expect, test } from "bun:test";
import { until } from "../testing/until.ts";
import { type TestDatabase, withDatabase } from "../testing/with-database.ts";
import { withFunction } from "../testing/with-function.ts";
import { withJobService } from "../testing/with-job-service.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

/** A job whose function answered 202, and a way to call back. */
async function acceptedJob(env: Record<string, string> = {}) {
  const database = await withDatabase();
  const fn = await withFunction(() => new Response(null, { status: 202 }));
  const service = await withJobService({ ...database.env, KNATIVE_SERVICE_URL: fn.url, ...env });
  await database.sql`select app_jobs.add_job(${tenant}, 'x')`;
  await until("the job is accepted", async () => (await jobs(database))[0]?.["accepted"]);
  const url = fn.requests[0]?.headers.get("X-Callback-Url") ?? "";
  const callBack = async (headers: Record<string, string> = {}, body: string | null = null, to = url) => {
    const response = await fetch(to, {
      method: "POST",
      headers: { "X-Worker-Id": "test-worker", "X-Job-Id": "1", ...headers },
      body,
    });
    return [response.status, await response.json()] as const;
  };
  return {
    database,
    fn,
    service,
    url,
    callBack,
    [Symbol.asyncDispose]: async () => {
      await service[Symbol.asyncDispose]();
      await fn[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

const jobs = (database: TestDatabase) => database.sql<Record<string, unknown>[]>`
  select attempts, max_attempts, last_error, locked_at is not null as leased, accepted_at is not null as accepted,
    progress, progress_message, lease_seconds
  from app_jobs.jobs`;

test("a job whose function answered 202 stays leased until its callback completes it", async () => {
  await using job = await acceptedJob();
  expect((await jobs(job.database))[0]).toMatchObject({ leased: true, attempts: 1, last_error: null });
  expect(await job.callBack()).toEqual([200, { workerId: "test-worker", jobId: "1" }]);
  expect(await jobs(job.database)).toHaveLength(0);
});

test("a callback that comes again is answered alike and changes nothing", async () => {
  await using job = await acceptedJob();
  await job.callBack({}, '{"status":"success"}');
  expect(await job.callBack({ "X-Job-Error": "true" }, '{"error":"late"}')).toEqual([
    200,
    { workerId: "test-worker", jobId: "1" },
  ]);
  expect(await jobs(job.database)).toHaveLength(0);
});

test("a failure by callback is a failed attempt with its message; its repeat counts no second one", async () => {
  await using job = await acceptedJob();
  const failure = () => job.callBack({ "X-Job-Error": "true" }, '{"status":"error","error":"no paint"}');
  expect((await failure())[0]).toBe(200);
  expect((await failure())[0]).toBe(200);
  expect((await jobs(job.database))[0]).toMatchObject({ leased: false, attempts: 1, last_error: "no paint" });
});

test("a failure by callback may have no body, and may be final", async () => {
  await using job = await acceptedJob();
  expect((await job.callBack({ "X-Job-Error": "true", "X-Job-Retry": "false" }))[0]).toBe(200);
  expect([...(await job.database.sql`select reason from app_jobs.dead_jobs`)]).toEqual([
    { reason: "failed for good" },
  ]);
});

test("progress is kept and moves the deadline", async () => {
  await using job = await acceptedJob({ JOBS_CALLBACK_TIMEOUT_SECONDS: "100" });
  await job.database.sql`update app_jobs.jobs set locked_at = locked_at - interval '90 seconds'`;
  const [status] = await job.callBack({}, '{"status":"running","progress":0.4,"message":"halfway"}');
  expect(status).toBe(200);
  const [row] = await jobs(job.database);
  expect(row).toMatchObject({ leased: true, progress: 0.4, progress_message: "halfway" });
  expect(Number(row?.["lease_seconds"])).toBeGreaterThan(185);
});

test("a callback that never comes is a failed attempt", async () => {
  await using job = await acceptedJob();
  await job.database.sql`update app_jobs.jobs set locked_at = locked_at - interval '2 hours'`;
  await until("the job is taken back", async () => (await jobs(job.database))[0]?.["leased"] === false);
  const [row] = await jobs(job.database);
  expect(row?.["attempts"]).toBe(1);
  expect(row?.["last_error"]).toContain("202");
});

test("a callback from an earlier lease changes nothing and is told so", async () => {
  await using job = await acceptedJob();
  await job.database.sql`update app_jobs.jobs set locked_at = locked_at - interval '2 hours'`;
  await until("the job is taken back", async () => (await jobs(job.database))[0]?.["leased"] === false);
  expect((await job.callBack())[0]).toBe(409);
  expect(await jobs(job.database)).toHaveLength(1);
});

test.each([
  ["no token", (url: string) => url.replace(/\?.*/, "")],
  [
    "a made-up token",
    (url: string) => url.replace(/token=.*/, `token=${crypto.randomUUID()}.AAAAAAAAAAAAAAAAAAAAAA`),
  ],
  ["a changed token", (url: string) => url.replace(/.$/, (last) => (last === "A" ? "B" : "A"))],
])("a callback with %s is refused and changes nothing", async (_, change) => {
  await using job = await acceptedJob();
  expect((await job.callBack({}, null, change(job.url)))[0]).toBe(401);
  expect((await jobs(job.database))[0]).toMatchObject({ leased: true });
});

test("a callback with the token of one job cannot touch another", async () => {
  await using job = await acceptedJob();
  await job.database.sql`select app_jobs.add_job(${tenant}, 'x')`;
  await until("both are accepted", async () => (await jobs(job.database)).every((row) => row["accepted"]));
  expect((await job.callBack({ "X-Job-Id": "2" }))[0]).toBe(401);
  expect(await jobs(job.database)).toHaveLength(2);
});

test("a callback without X-Worker-Id is a bad request, and one without X-Job-Id is a probe", async () => {
  await using job = await acceptedJob();
  expect((await job.callBack({ "X-Worker-Id": "" }))[0]).toBe(400);
  const probe = await fetch(`http://localhost:${job.service.port}/callback`, { method: "POST" });
  expect([probe.status, await probe.json()]).toEqual([200, "OK"]);
});

test("a body over the limit, and one that is no JSON, are refused and change nothing", async () => {
  await using job = await acceptedJob();
  expect((await job.callBack({}, `"${"x".repeat(300_000)}"`))[0]).toBe(413);
  expect((await job.callBack({}, '{"status":"runn'))[0]).toBe(400);
  expect((await jobs(job.database))[0]).toMatchObject({ leased: true });
});

test("a callback that comes before the answer is the outcome, and the answer adds nothing", async () => {
  await using database = await withDatabase();
  await using fn = await withFunction(async (request) => {
    await fetch(request.headers.get("X-Callback-Url") ?? "", {
      method: "POST",
      headers: {
        "X-Worker-Id": "w",
        "X-Job-Id": request.headers.get("X-Job-Id") ?? "",
        "X-Job-Error": "true",
      },
      body: '{"error":"thrown"}',
    });
    return Response.json({ message: "thrown" }, { headers: { "X-Job-Error": "true" } });
  });
  await using service = await withJobService({ ...database.env, KNATIVE_SERVICE_URL: fn.url });
  await database.sql`select app_jobs.add_job(${tenant}, 'x')`;
  await until("the answer is read", () =>
    service.events.some((event) => event["event"] === "outcome was already recorded"),
  );
  expect((await jobs(database))[0]).toMatchObject({ attempts: 1, last_error: "thrown" });
});

test("health is told on the callback port", async () => {
  await using job = await acceptedJob();
  const status = async (path: string) => (await fetch(`http://localhost:${job.service.port}${path}`)).status;
  expect(await status("/healthz")).toBe(200);
  expect(await status("/readyz")).toBe(200);
  expect(await status("/nothing")).toBe(404);
});

test("a callback whose body does not come is cut off when the service has to stop at once", async () => {
  await using job = await acceptedJob();
  const { port, pathname, search } = new URL(job.url);
  const { promise: closed, resolve: onClosed } = Promise.withResolvers<void>();
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port: Number(port),
    socket: { data: () => {}, close: () => onClosed(), error: () => {} },
  });
  socket.write(
    `POST ${pathname}${search} HTTP/1.1\r\nHost: jobs\r\nX-Worker-Id: w\r\nX-Job-Id: 1\r\nContent-Length: 9\r\n\r\n{`,
  );
  // Answered after it, so the request above has been read.
  await job.callBack({}, '{"status":"running"}');
  const begun = job.service.drain();
  await job.service.drain(true);
  await Promise.all([begun, closed]);
});
