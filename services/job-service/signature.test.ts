import { expect, test } from "bun:test";
import { Webhook } from "standardwebhooks";
import { z } from "zod";
import { defineJob } from "../../functions/kit/define-job.ts";
import { until } from "../testing/until.ts";
import { withDatabase } from "../testing/with-database.ts";
import { withFunction } from "../testing/with-function.ts";
import { withJobService } from "../testing/with-job-service.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";
const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const nextSecret = `whsec_${btoa("x".repeat(32))}`;

test("a request is signed with every secret, as the standard's own library reads it", async () => {
  await using database = await withDatabase();
  await using fn = await withFunction();
  await using _service = await withJobService({
    ...database.env,
    KNATIVE_SERVICE_URL: fn.url,
    JOBS_SIGNING_SECRETS: `${nextSecret}, ${secret}`,
  });
  const payload = '{ "to" : "☂ שלום",\n "n": 1.0 }';
  await database.sql`select app_jobs.add_job(${tenant}, 'paint', ${payload}::text::json)`;
  const { headers, body } = await until("the function is called", () => fn.requests[0]);
  expect(headers.get("webhook-id")).toBe(`${tenant}:1`);
  for (const known of [secret, nextSecret])
    expect(new Webhook(known).verify(body, Object.fromEntries(headers))).toEqual(JSON.parse(payload));
});

test("without a secret no request is signed", async () => {
  await using database = await withDatabase();
  await using fn = await withFunction();
  await using _service = await withJobService({ ...database.env, KNATIVE_SERVICE_URL: fn.url });
  await database.sql`select app_jobs.add_job(${tenant}, 'paint')`;
  const { headers } = await until("the function is called", () => fn.requests[0]);
  expect([...headers.keys()].filter((name) => name.startsWith("webhook-"))).toEqual([]);
});

test("a function of the kit takes what its worker signs, and fails what another has signed with a reason", async () => {
  await using database = await withDatabase();
  const painted: string[] = [];
  const paint = defineJob(
    {
      name: "paint",
      payload: z.object({ what: z.string() }),
      run: ({ what }) => {
        painted.push(what);
        return {};
      },
    },
    { write: () => {} },
  );
  await using fn = await withFunction(({ path, headers, body }) => {
    const request = new Request(`http://function.test${path}`, { method: "POST", headers, body });
    return paint.fetch(request, { JOBS_SIGNING_SECRETS: body.includes("trusted") ? secret : nextSecret });
  });
  await using _service = await withJobService({
    ...database.env,
    KNATIVE_SERVICE_URL: fn.url,
    JOBS_SIGNING_SECRETS: secret,
  });
  for (const what of ["trusted", "forged"])
    await database.sql`select app_jobs.add_job(${tenant}, 'paint', ${JSON.stringify({ what })}::text::json)`;
  const failed = await until("one is done and the other has failed", async () => {
    const jobs = await database.sql<{ last_error: string | null; attempts: number; max_attempts: number }[]>`
      select last_error, attempts, max_attempts from app_jobs.jobs`;
    return jobs.length === 1 && typeof jobs[0]?.last_error === "string" ? jobs[0] : undefined;
  });
  expect(painted).toEqual(["trusted"]);
  expect(failed).toEqual({
    last_error:
      "No secret of this function has signed the request: compare JOBS_SIGNING_SECRETS of the function and its worker",
    attempts: 1,
    max_attempts: 25,
  });
});

test("attempts that follow each other within a second all run, and none is lost to the memory of replays", async () => {
  await using database = await withDatabase();
  let runs = 0;
  const flaky = defineJob(
    {
      name: "flaky",
      payload: z.object({}),
      run: () => {
        runs += 1;
        if (runs < 4) throw new Error("not yet");
        return {};
      },
    },
    { write: () => {} },
  );
  await using fn = await withFunction(({ path, headers, body }) => {
    const request = new Request(`http://function.test${path}`, { method: "POST", headers, body });
    return flaky.fetch(request, { JOBS_SIGNING_SECRETS: secret });
  });
  await using _service = await withJobService({
    ...database.env,
    KNATIVE_SERVICE_URL: fn.url,
    JOBS_SIGNING_SECRETS: secret,
  });
  await database.sql`select app_jobs.set_task_policy('flaky', backoff_base_seconds => 0.05, backoff_factor => 1)`;
  await database.sql`select app_jobs.add_job(${tenant}, 'flaky', max_attempts => 4)`;
  await until("the job is done, or dead", async () => {
    return (await database.sql`select from app_jobs.jobs`).length === 0;
  });
  expect([...(await database.sql`select last_error from app_jobs.dead_jobs`)]).toEqual([]);
  expect(runs).toBe(4);
});

test("a secret that is none stops the start, and is not repeated", async () => {
  await using database = await withDatabase();
  const start = withJobService({
    ...database.env,
    KNATIVE_SERVICE_URL: "http://127.0.0.1:1",
    JOBS_SIGNING_SECRETS: "whsec_abc123",
  });
  expect(start).rejects.toThrow(
    /JOBS_SIGNING_SECRETS: expected whsec_ and the base64 of 24 to 64 bytes; several with commas between them \(value not shown\)/,
  );
});
