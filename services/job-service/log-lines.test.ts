import { expect, test } from "bun:test";
import { until } from "../testing/until.ts";
import { withDatabase } from "../testing/with-database.ts";
import { withFunction } from "../testing/with-function.ts";
import { withJobService } from "../testing/with-job-service.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

test("every line of the log that is about a job or a schedule names its tenant", async () => {
  await using database = await withDatabase();
  const { sql } = database;
  let reported: Response | undefined;
  await using fn = await withFunction(async ({ path, headers }) => {
    if (path === "/broken") return new Response("no", { status: 500 });
    if (path === "/gone") return new Response("no", { status: 410 });
    if (path === "/busy") return new Response("no", { status: 503 });
    if (path === "/slow") return new Promise<Response>(() => {});
    if (path === "/later") {
      void fetch(headers.get("X-Callback-Url") ?? "", {
        method: "POST",
        headers: { "X-Worker-Id": "w", "X-Job-Id": headers.get("X-Job-Id") ?? "", "X-Database-Id": tenant },
      }).then((response) => {
        reported = response;
      });
      return new Response(null, { status: 202 });
    }
    return Response.json({});
  });
  await using service = await withJobService({ ...database.env, KNATIVE_SERVICE_URL: fn.url });
  await sql`
    select app_jobs.add_job(${tenant}, task)
    from unnest(array['fine', 'broken', 'gone', 'busy', 'slow', 'later']) as task`;
  await sql`select app_jobs.add_scheduled_job(${tenant}, 'fine', '{}', '{"rule": "* * * * * *"}')`;
  await sql`select app_jobs.add_scheduled_job(${tenant}, 'never', '{}', '{"rule": "0 0 30 2 *"}')`;
  const said = (event: string) => service.events.some((entry) => entry["event"] === event);
  await until("the slow one is on its way", () => fn.requests.some(({ path }) => path === "/slow"));
  await sql`select app_jobs.cancel_jobs(array(select id from app_jobs.jobs where task_identifier = 'slow'))`;
  const expected = [
    "job completed",
    "attempt failed",
    "job failed for good",
    "function not reached",
    "job cancelled: its request is broken off",
    "job completed by callback",
    "schedule planned",
    "tick run",
    "schedule cannot be used",
  ];
  await until("all have been told", () => expected.every(said));
  expect(reported?.status).toBe(200);
  const lines = service.events.filter((entry) => "jobId" in entry || "scheduleId" in entry);
  expect(lines.filter((entry) => entry["databaseId"] !== tenant)).toEqual([]);
});
