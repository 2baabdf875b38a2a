import { describe, expect, test } from "bun:test";
import * as z from "zod";
import { jobRequestHeaders } from "../protocol/headers.ts";
import { createSigner } from "../protocol/signature.ts";
import { withServer } from "../testing/with-server.ts";
import { defineJob } from "./define-job.ts";
import { createRequestVerifier } from "./verify-request.ts";

const secret = `whsec_${btoa("a".repeat(32))}`;
const oldSecret = `whsec_${btoa("b".repeat(32))}`;
const env = { JOBS_SIGNING_SECRETS: `${secret} ${oldSecret}` };
const facts = {
  workerId: "worker-1",
  jobId: "7",
  databaseId: "d1",
  callbackUrl: "http://127.0.0.1:1/callback",
  attempt: 1,
  maxAttempts: 25,
  taskIdentifier: "greet",
  deadline: new Date(Date.now() + 60_000),
  timeoutSeconds: 290,
  createdAt: new Date(),
  traceparent: null,
  tracestate: null,
  scheduleId: null,
  scheduledAt: null,
  revision: 0,
};
const body = '{"to":"Ada"}';

type Change = {
  readonly by?: string;
  readonly ageSeconds?: number;
  readonly revision?: number;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
};

async function signed(change: Change = {}): Promise<Headers> {
  const timestampSeconds = Math.floor(Date.now() / 1000) - (change.ageSeconds ?? 0);
  const revision = change.revision ?? 0;
  const id = revision === 0 ? "d1:7" : `d1:7:${revision}`;
  const signature = await createSigner([change.by ?? secret])({ id, timestampSeconds, body });
  const headers = new Headers({ ...jobRequestHeaders({ ...facts, revision }), ...signature });
  for (const [name, value] of Object.entries(change.headers ?? {}))
    if (value === undefined) headers.delete(name);
    else headers.set(name, value);
  return headers;
}

function greet() {
  const greeted: string[] = [];
  const job = defineJob(
    {
      name: "greet",
      payload: z.object({ to: z.string() }),
      run: ({ to }) => ({ greeted: greeted.push(to) }),
    },
    { write: () => {}, sleep: async () => {} },
  );
  const post = (headers: Headers, given = body, path = "/") =>
    job.fetch(new Request(`http://function.test${path}`, { method: "POST", headers, body: given }), env);
  return { job, greeted, post };
}

describe("a function that has secrets", () => {
  test.each([
    ["the one that signs", secret],
    ["the one that signed before", oldSecret],
  ])("runs what is signed by %s", async (_, by) => {
    const { greeted, post } = greet();
    expect((await post(await signed({ by }))).status).toBe(200);
    expect(greeted).toEqual(["Ada"]);
  });

  test("runs a job that was replaced after an attempt, in the same second too", async () => {
    const { greeted, post } = greet();
    for (const revision of [0, 1, 2]) expect((await post(await signed({ revision }))).status).toBe(200);
    expect(greeted).toHaveLength(3);
  });

  test.each<[string, Change, string]>([
    ["is not signed", { headers: { "webhook-signature": undefined } }, "The request is not signed"],
    [
      "is signed by another",
      { by: `whsec_${btoa("c".repeat(32))}` },
      "No secret of this function has signed",
    ],
    ["has another body", { body: '{"to":"Eve"}' }, "No secret of this function has signed"],
    ["is older than five minutes", { ageSeconds: 302 }, "The request was signed more than 300 s ago"],
    ["is of the future", { ageSeconds: -302 }, "The request was signed more than 300 s ago or ahead"],
    ["names another tenant", { headers: { "X-Database-Id": "d2" } }, "The request's X-Database-Id is not"],
    ["names another job", { headers: { "X-Job-Id": "8" } }, "The request's X-Job-Id is not"],
    [
      "names another job than was replaced",
      { revision: 1, headers: { "X-Job-Id": "71" } },
      "The request's X-Job-Id is not",
    ],
    [
      "names a tenant with the job in it",
      { revision: 3, headers: { "X-Database-Id": "d1:7", "X-Job-Id": "3" } },
      "The request's X-Database-Id is not",
    ],
    ["names no tenant", { headers: { "X-Database-Id": undefined } }, "The request's X-Database-Id is not"],
    ["names no job", { headers: { "X-Job-Id": undefined } }, "The request's X-Job-Id is not"],
    ["names no key", { headers: { "Idempotency-Key": undefined } }, "The request's Idempotency-Key is not"],
    ["names another key", { headers: { "Idempotency-Key": "d1:8" } }, "The request's Idempotency-Key is not"],
  ])("refuses what %s, as an attempt that failed, and runs nothing", async (_, change, reason) => {
    const { greeted, post } = greet();
    const response = await post(await signed(change), change.body);
    expect([response.status, response.headers.get("X-Job-Error")]).toEqual([401, "true"]);
    expect(response.headers.get("X-Job-Retry")).toBeNull();
    expect(await response.json()).toEqual({ error: expect.stringContaining(reason) });
    expect(greeted).toEqual([]);
  });

  test("runs a signature once, and the next attempt's again", async () => {
    const { greeted, post } = greet();
    const headers = await signed({ ageSeconds: 1 });
    expect((await post(headers)).status).toBe(200);
    const again = await post(headers);
    expect([again.status, await again.json()]).toEqual([
      425,
      { error: "The request has come before: each attempt is signed anew" },
    ]);
    expect([again.headers.get("X-Job-Error"), again.headers.get("Retry-After")]).toEqual([null, "1"]);
    expect((await post(await signed())).status).toBe(200);
    expect(greeted).toEqual(["Ada", "Ada"]);
  });

  test("asks for the signature before it says anything of the payload or the path", async () => {
    const { post } = greet();
    const unsigned = await signed({ headers: { "webhook-id": undefined } });
    expect((await post(unsigned, "{")).status).toBe(401);
    expect((await post(unsigned, body, "/other")).status).toBe(401);
  });

  test("reports nothing to the callback URL of a request that is not signed", async () => {
    const called: string[] = [];
    await using server = withServer((request) => {
      called.push(request.url);
      return new Response();
    });
    const { post } = greet();
    const headers = { "X-Job-Completion": undefined, "X-Callback-Url": `${server.url}/callback` };
    expect((await post(await signed({ headers, by: `whsec_${btoa("c".repeat(32))}` }))).status).toBe(401);
    expect(called).toEqual([]);
    expect((await post(await signed({ headers }))).status).toBe(200);
    expect(called).toEqual([`${server.url}/callback`]);
  });

  test("is not ready while a secret is none, and does not repeat it", async () => {
    const { job } = greet();
    const [fault, ...others] = job.settingFaults({ JOBS_SIGNING_SECRETS: `${secret},abc123` });
    expect(fault).toStartWith("JOBS_SIGNING_SECRETS: expected whsec_");
    expect(fault).not.toContain("abc123");
    expect(others).toEqual([]);
  });
});

test("replays are remembered as long as they are fresh, and no more of them than the limit", async () => {
  let now = Date.now();
  const verify = createRequestVerifier({ now: () => now, limit: 2 });
  const secrets = [secret];
  const job = {
    workerId: undefined,
    jobId: undefined,
    databaseId: undefined,
    callbackUrl: undefined,
    attempt: undefined,
    maxAttempts: undefined,
    idempotencyKey: undefined,
    deadline: undefined,
    timeoutSeconds: undefined,
    scheduleId: undefined,
    scheduledAt: undefined,
    traceparent: undefined,
    readsResponse: true,
  };
  const send = async (id: string, timestampSeconds = Math.floor(now / 1000)) => {
    const headers = new Headers(await createSigner(secrets)({ id, timestampSeconds, body }));
    return verify({ headers, job, body }, secrets).then(
      () => "taken",
      (thrown: unknown) => String(thrown),
    );
  };
  expect([await send("1"), await send("2"), await send("2")]).toEqual([
    "taken",
    "taken",
    expect.stringContaining("has come before"),
  ]);
  // A third one takes the oldest one's place.
  expect([await send("3"), await send("1")]).toEqual(["taken", "taken"]);
  const then = Math.floor(now / 1000);
  now += 301_000;
  expect(await send("1", then)).toContain("signed more than 300 s ago");
});
