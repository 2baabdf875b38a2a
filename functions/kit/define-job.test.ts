import { describe, expect, test } from "bun:test";
import * as z from "zod";
import { postJob, testDatabaseId } from "../testing/post-job.ts";
import { defineJob, type Job } from "./define-job.ts";
import type { JobContext } from "./job-context.ts";
import { JobError } from "./job-error.ts";

type Run = (
  payload: { to: string },
  context: JobContext<{ COLOUR?: string | undefined }>,
) => object | Promise<object>;

function job(run: Run, lines: string[] = []): Job {
  const definition = {
    name: "greet",
    payload: z.object({ to: z.string().min(1), times: z.number({ error: "expected a number" }).optional() }),
    env: z.object({ COLOUR: z.enum(["red", "blue"], { error: "expected red or blue" }).optional() }),
    run,
  };
  return defineJob(definition, { write: (line) => lines.push(line) });
}

const greet = job(({ to }) => ({ greeted: to.length }));
const fail = (error: unknown) =>
  job(() => {
    throw error;
  });

const circle: Record<string, unknown> = {};
circle["self"] = circle;

describe("a job that succeeds", () => {
  test.each(["/", "/greet", "/greet/"])("is run by POST %s", async (path) => {
    const response = await postJob(greet, { to: "Ada" }, { path });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ complete: true, greeted: 3 });
  });

  test("sees its headers as values", async () => {
    let seen: unknown;
    const spy = job((_, context) => {
      const { jobId, databaseId, attempt, maxAttempts, idempotencyKey, scheduledAt, env } = context;
      seen = { jobId, databaseId, attempt, maxAttempts, idempotencyKey, scheduledAt, env };
      return {};
    });
    const headers = { "X-Scheduled-At": "2026-11-06T08:00:00.000Z" };
    await postJob(spy, { to: "Ada" }, { headers, env: { COLOUR: " red ", OTHER: "x" } });
    expect(seen).toEqual({
      jobId: "7",
      databaseId: testDatabaseId,
      attempt: 1,
      maxAttempts: 25,
      idempotencyKey: `${testDatabaseId}:7`,
      scheduledAt: new Date("2026-11-06T08:00:00Z"),
      env: { COLOUR: "red" },
    });
  });

  test("logs one line with job, attempt and trace, and no payload", async () => {
    const lines: string[] = [];
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await postJob(
      job(() => ({}), lines),
      { to: "secret@example.com" },
      { headers: { traceparent } },
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain("secret");
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      event: "job completed",
      function: "greet",
      jobId: "7",
      attempt: 1,
      traceId: "0af7651916cd43dd8448eb211c80319c",
    });
  });

  test("may carry a megabyte, emoji, NUL and right-to-left text byte for byte", async () => {
    const to = `שלום 🎉\0${"x".repeat(1024 * 1024)}`;
    const echo = job((payload) => ({ to: payload.to }));
    expect(await (await postJob(echo, { to })).json()).toEqual({ complete: true, to });
  });
});

describe("a job that is done stays done", () => {
  const hostile = {
    get secret() {
      throw new Error("no");
    },
  };
  test.each<[string, object, RegExp]>([
    ["a bigint", { id: 9007199254740993n }, /bigint/i],
    ["a circle", circle, /circular|cyclic/i],
    ["a getter that throws", hostile, /no/],
  ])("with a result of %s", async (_, result, reason) => {
    const lines: string[] = [];
    const response = await postJob(
      job(() => result, lines),
      { to: "Ada" },
    );
    expect([response.status, response.headers.get("X-Job-Error")]).toEqual([200, null]);
    const warning = expect.stringMatching(/^The result cannot be written as JSON: /);
    expect(await response.json()).toEqual({ complete: true, warning });
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: "warn", event: "result left out", reason: expect.stringMatching(reason) },
      { event: "job completed" },
    ]);
  });

  test("with a result that says otherwise, and with no result", async () => {
    for (const result of [{ complete: false }, undefined, null]) {
      const response = await postJob(
        job(() => result as object),
        { to: "Ada" },
      );
      expect([response.status, await response.json()]).toEqual([200, { complete: true }]);
    }
  });

  test("with a log line that JSON cannot hold", async () => {
    const lines: string[] = [];
    const chatty = job((_, { log }) => {
      log.info("said", { id: 7n } as never);
      return {};
    }, lines);
    expect((await postJob(chatty, { to: "Ada" })).status).toBe(200);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      event: "said",
      fields: expect.stringContaining("left out"),
    });
  });
});

describe("a job that fails", () => {
  const failed = { "X-Job-Error": "true" };
  const forGood = { ...failed, "X-Job-Retry": "false" };

  test.each([
    [500, "an Error", new Error("boom"), failed, "boom"],
    [500, "a thrown text", "boom", failed, "boom"],
    [500, "control characters", new Error("a\0b\r\nc"), failed, "a b c"],
    [422, "a status", new JobError("boom", { status: 422 }), failed, "boom"],
    [500, "an end", new JobError("boom", { retry: false }), forGood, "boom"],
    [
      500,
      "a wait",
      new JobError("boom", { retryAfterSeconds: 6.2 }),
      { ...failed, "Retry-After": "7" },
      "boom",
    ],
    [
      429,
      "a not-now",
      new JobError("busy", { status: 429, retryAfterSeconds: 9 }),
      { "Retry-After": "9" },
      "busy",
    ],
    [503, "a not-now", new JobError("busy", { status: 503 }), {}, "busy"],
    [503, "a never", new JobError("no", { status: 503, retry: false }), forGood, "no"],
    [500, "an object with a message", { message: "boom" }, failed, "boom"],
    [500, "an object with an error", { error: { message: "boom" } }, failed, "boom"],
    [500, "another object", { code: 7 }, failed, '{"code":7}'],
    [500, "an object of no prototype", Object.create(null), failed, "{}"],
    [500, "a circle", circle, failed, "a value that cannot be read was thrown"],
    [500, "nothing", undefined, failed, "undefined"],
    [500, "null", null, failed, "null"],
    [500, "a symbol", Symbol("boom"), failed, "Symbol(boom)"],
    [500, "a bigint", 7n, failed, "7"],
    [500, "an error without a message", new TypeError(), failed, "TypeError"],
    [500, "several errors", new AggregateError([new Error("a"), { message: "b" }]), failed, "a; b"],
    [500, "a status that says success", new JobError("boom", { status: 200 }), failed, "boom"],
    [500, "a status that there is not", new JobError("boom", { status: 7.5 }), failed, "boom"],
    [500, "a wait that is no time", new JobError("boom", { retryAfterSeconds: Number.NaN }), failed, "boom"],
    [
      500,
      "an endless wait",
      new JobError("boom", { retryAfterSeconds: Number.POSITIVE_INFINITY }),
      failed,
      "boom",
    ],
  ] as const)("answers HTTP %i to %s", async (...row) => {
    const [status, , error, headers, message] = row;
    const response = await postJob(fail(error), { to: "Ada" });
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ error: message });
    const names = ["X-Job-Error", "X-Job-Retry", "Retry-After"];
    const told = names
      .map((name) => [name, response.headers.get(name)])
      .filter(([, value]) => value !== null);
    expect(Object.fromEntries(told)).toEqual(headers);
  });

  test("by its deadline says so, whatever the abort threw", async () => {
    const slow = job(async (_, { signal }) => {
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      return {};
    });
    const soon = new Date(Date.now() + 20).toISOString();
    // By a duration where there is one, else by the time that other workers say.
    for (const headers of [
      { "X-Job-Timeout-Seconds": "0.02" },
      { "X-Job-Deadline": soon, "X-Job-Timeout-Seconds": undefined },
      { "X-Job-Deadline": soon, "X-Job-Timeout-Seconds": "soon" },
    ]) {
      const response = await postJob(slow, { to: "Ada" }, { headers });
      expect(response.status).toBe(500);
      expect(await response.json()).toEqual({
        error: "The worker's deadline passed before the job was done",
      });
    }
  });

  test("not by a clock that goes ahead of the worker's", async () => {
    const hasTime = job(async (_, { signal }) => {
      await Bun.sleep(10);
      return { aborted: signal.aborted };
    });
    const headers = {
      "X-Job-Deadline": new Date(Date.now() - 1_000).toISOString(),
      "X-Job-Timeout-Seconds": "5",
    };
    const response = await postJob(hasTime, { to: "Ada" }, { headers });
    expect(await response.json()).toEqual({ complete: true, aborted: false });
  });

  test("under another function's name is told which one this is", async () => {
    const response = await postJob(greet, { to: "Ada" }, { path: "/other" });
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ error: "This is greet; there is no function at /other" });
  });
});

describe("a payload that cannot be", () => {
  test.each([
    ["", 400, "The payload is empty; expected a JSON object"],
    ["{", 400, "The payload is not JSON"],
    [`{"to":${"[".repeat(5_000_000)}`, 400, "The payload is nested more than 1,000 deep"],
    ["null", 400, "The payload is not a JSON object but null"],
    ["[]", 400, "The payload is not a JSON object but an array"],
    ['"text"', 400, "The payload is not a JSON object but a string"],
    ["{}", 400, "Missing required field: to"],
    ['{"to":""}', 400, "Missing required field: to"],
    ['{"to":null}', 400, "Missing required field: to"],
    ['{"to":"Ada","times":"x"}', 400, "Invalid field: times: expected a number"],
    [`{"to":"${"x".repeat(16 * 1024 * 1024)}"}`, 413, "The payload is larger than 16 MiB"],
  ])("is refused for good (%#)", async (body, status, error) => {
    const response = await postJob(greet, body);
    expect([response.status, response.headers.get("X-Job-Retry")]).toEqual([status, "false"]);
    expect(await response.json()).toEqual({ error });
  });

  test("is refused when it is not UTF-8", async () => {
    const body = new Uint8Array([0x22, 0xff]);
    const request = new Request("http://function.test/", { method: "POST", body });
    expect(await (await greet.fetch(request, {})).json()).toEqual({ error: "The payload is not UTF-8 text" });
  });
});

describe("every answer", () => {
  test.each([
    ["POST", "/"],
    ["GET", "/"],
    ["PUT", "/greet"],
    ["GET", "/healthz"],
    ["GET", "/nowhere"],
    ["POST", "/nowhere"],
  ])("to %s %s echoes job, worker and database", async (method, path) => {
    const headers = { "X-Job-Id": "7", "X-Worker-Id": "w", "X-Database-Id": "d" };
    const response = await greet.fetch(new Request(`http://function.test${path}`, { method, headers }), {});
    const echoed = Object.keys(headers).map((name) => response.headers.get(name));
    expect(echoed).toEqual(["7", "w", "d"]);
    expect(response.headers.get("Content-Type")).toBe("application/json");
  });

  test.each([
    ["GET", "/", 405],
    ["DELETE", "/greet", 405],
    ["GET", "/nowhere", 404],
    ["GET", "/healthz", 200],
    ["GET", "/readyz", 200],
  ])("to %s %s is HTTP %i", async (method, path, status) => {
    const response = await greet.fetch(new Request(`http://function.test${path}`, { method }), {});
    expect(response.status).toBe(status);
  });
});

describe("wrong settings", () => {
  const env = { COLOUR: "green" };

  test("fail the job with their names, to be tried again", async () => {
    const response = await postJob(greet, { to: "Ada" }, { env });
    expect([response.status, response.headers.get("X-Job-Retry")]).toEqual([500, null]);
    const fault = '1 setting is wrong: COLOUR: expected red or blue (given: \\"green\\")';
    expect(await response.text()).toContain(fault);
  });

  test("make the function not ready", async () => {
    const response = await greet.fetch(new Request("http://function.test/readyz"), env);
    expect([response.status, await response.text()]).toEqual([
      503,
      expect.stringContaining("COLOUR: expected red or blue"),
    ]);
  });
});
