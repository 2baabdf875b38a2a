import { describe, expect, test } from "bun:test";
import * as z from "zod";
import { postJob, testDatabaseId } from "../testing/post-job.ts";
import { withServer } from "../testing/with-server.ts";
import { defineJob } from "./define-job.ts";
import { JobError } from "./job-error.ts";
import { callbackTarget } from "./report.ts";

/** What a callback server saw. */
type Seen = { readonly path: string; readonly headers: Headers; readonly body: unknown };

/** A callback server that answers with these statuses in turn, the last one from then on. */
function withCallbackServer(...statuses: number[]) {
  const seen: Seen[] = [];
  const server = withServer(async (request) => {
    const url = new URL(request.url);
    seen.push({ path: url.pathname + url.search, headers: request.headers, body: await request.json() });
    return new Response("{}", { status: statuses[seen.length - 1] ?? statuses.at(-1) ?? 200 });
  });
  return { ...server, seen };
}

function job(error?: Error, waits: number[] = []) {
  const run = () => {
    if (error !== undefined) throw error;
    return {};
  };
  const sleep = async (ms: number) => void waits.push(ms);
  return defineJob(
    { name: "greet", payload: z.object({}), env: z.object({}), run },
    { write: () => {}, sleep },
  );
}

/** The published worker's headers: no X-Job-Completion. */
const published = (url: string) => ({ "X-Job-Completion": undefined, "X-Callback-Url": url });

test.each([
  ["http://service:8080", "http://service:8080/callback"],
  ["http://service:8080/", "http://service:8080/callback"],
  ["http://service:8080/?token=a%20b", "http://service:8080/callback?token=a%20b"],
  ["https://service/other", "https://service/other"],
  ["javascript:alert(1)", undefined],
  ["", undefined],
])("callback URL %p is reported to at %p", (given, expected) => {
  expect(callbackTarget(given)).toBe(expected);
});

describe("under the published worker", () => {
  test("a success is reported by callback before the answer", async () => {
    await using server = withCallbackServer(200);
    const response = await postJob(job(), {}, { headers: published(`${server.url}?token=t`) });
    expect(response.status).toBe(200);
    const [call] = server.seen;
    expect([call?.path, call?.body]).toEqual(["/callback?token=t", { status: "success" }]);
    const names = ["User-Agent", "X-Worker-Id", "X-Job-Id", "X-Database-Id", "X-Job-Error"];
    expect(names.map((name) => call?.headers.get(name) ?? null)).toEqual([
      "knative-jobs-on-bun",
      "worker-1",
      "7",
      testDatabaseId,
      null,
    ]);
  });

  test("a failure is reported with its message, whether it is final, and when to try again", async () => {
    await using server = withCallbackServer(200);
    const error = new JobError("boom", { retry: false, retryAfterSeconds: 4.2 });
    const response = await postJob(job(error), {}, { headers: published(server.url) });
    expect(response.status).toBe(500);
    expect(server.seen[0]?.body).toEqual({ status: "error", error: "boom" });
    const names = ["X-Job-Error", "X-Job-Retry", "Retry-After"];
    expect(names.map((name) => server.seen[0]?.headers.get(name) ?? null)).toEqual(["true", "false", "5"]);
  });

  test.each([["/"], ["/other"]])("a request that is refused at %s is reported too", async (path) => {
    await using server = withCallbackServer(200);
    await postJob(job(), "not json", { path, headers: published(server.url) });
    expect(server.seen).toHaveLength(1);
  });

  test("a callback server that stumbles is tried again", async () => {
    await using server = withCallbackServer(503, 500, 200);
    const waits: number[] = [];
    const response = await postJob(job(undefined, waits), {}, { headers: published(server.url) });
    expect(response.status).toBe(200);
    expect([server.seen.length, waits]).toEqual([3, [200, 1000]]);
  });

  test.each([
    [500, 4, "The job is done, but this could not be reported: the callback server answered HTTP 500"],
    [401, 1, "The job is done, but this could not be reported: the callback server answered HTTP 401"],
  ])(
    "a callback that HTTP %i refuses is tried %i times, and the answer says so",
    async (status, tries, error) => {
      await using server = withCallbackServer(status);
      const response = await postJob(job(), {}, { headers: published(server.url) });
      expect(server.seen).toHaveLength(tries);
      expect([response.status, await response.json()]).toEqual([500, { error }]);
    },
  );

  test("a callback server that is not there is named in the answer", async () => {
    const headers = published("http://127.0.0.1:1");
    const response = await postJob(job(new Error("boom")), {}, { headers });
    expect(await response.json()).toEqual({
      error:
        "The job failed (boom), but this could not be reported: the callback server could not be reached",
    });
  });
});

describe("no callback is owed", () => {
  test.each([
    ["to a worker that reads the response", {}],
    ["without X-Worker-Id", { "X-Job-Completion": undefined, "X-Worker-Id": undefined }],
    ["without X-Job-Id", { "X-Job-Completion": undefined, "X-Job-Id": undefined }],
    ["without X-Callback-Url", { "X-Job-Completion": undefined, "X-Callback-Url": undefined }],
  ])("%s", async (_, headers) => {
    await using server = withCallbackServer(200);
    const response = await postJob(job(), {}, { headers: { "X-Callback-Url": server.url, ...headers } });
    expect([response.status, server.seen.length]).toEqual([200, 0]);
  });
});

test.each([301, 302, 303, 307, 308])(
  "no redirect (%i) of a callback is followed: neither its token nor the outcome goes elsewhere",
  async (status) => {
    const reached: string[] = [];
    await using elsewhere = withServer((request) => {
      reached.push(request.method);
      return new Response("{}");
    });
    await using server = withServer(
      () => new Response(null, { status, headers: { Location: elsewhere.url } }),
    );
    const response = await postJob(job(), {}, { headers: published(`${server.url}?token=t`) });
    expect(reached).toEqual([]);
    expect(await response.json()).toEqual({
      error: `The job is done, but this could not be reported: the callback server answered HTTP ${status}`,
    });
  },
);
