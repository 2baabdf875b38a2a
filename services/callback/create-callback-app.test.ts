import { expect, test } from "bun:test";
import type { CallbackRecord } from "#db/callbacks";
import { signCallbackToken } from "../callback-token/callback-token.ts";
import { createLog } from "../log/log.ts";
import { createCallbackApp } from "./create-callback-app.ts";

const lease = { jobId: "7", leaseToken: "5b720132-17d5-424d-9bcb-ee7b17c13d43" };
const token = signCallbackToken(lease, "key");

/** Knows one key, and the one that was added since when it is asked again. */
const ring = { keys: () => ["key"], renewed: async () => ["added", "key"] };

const records: CallbackRecord[] = [];

const app = createCallbackApp({
  queues: [
    {
      jobs: {
        callback: async (_, record) => {
          records.push(record);
          return "taken";
        },
      },
      ring,
    },
  ],
  log: createLog({ level: "silent", format: "json", write: () => {}, now: () => new Date() }),
  callbackSeconds: 60,
  retryAfterMaxSeconds: 60,
});

/** Posts a body of which each chunk is counted when it is read, and gives the status and that count. */
async function post(token: string): Promise<{ status: number; chunksRead: number }> {
  let chunksRead = 0;
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
    chunksRead += 1;
    if (chunksRead > 3) return controller.close();
    controller.enqueue(new TextEncoder().encode(" "));
  };
  const body = new ReadableStream<Uint8Array>({ pull }, { highWaterMark: 0 });
  const headers = { "X-Worker-Id": "w", "X-Job-Id": "7", "Transfer-Encoding": "chunked" };
  const response = await app.request(`http://localhost/callback?token=${token}`, {
    method: "POST",
    headers,
    body,
  });
  return { status: response.status, chunksRead };
}

test.each([
  ["a key that is known", token],
  ["a key that was added since the keys were read", signCallbackToken(lease, "added")],
])("the body of a callback is read whose token is signed by %s", async (_, signed) => {
  expect(await post(signed)).toEqual({ status: 200, chunksRead: 4 });
});

test.each([
  ["no token", token.replace(/.$/, "!")],
  ["signed by no key", signCallbackToken(lease, "another")],
])("of a callback whose token is %s not a byte of the body is read", async (_, wrong) => {
  expect(await post(wrong)).toEqual({ status: 401, chunksRead: 0 });
});

test("what is no POST is told how an outcome is reported", async () => {
  const response = await app.request("http://localhost/callback?token=x");
  expect([response.status, await response.json()]).toEqual([
    404,
    { error: "Nothing is at GET /callback. Report an outcome by POST to the X-Callback-Url." },
  ]);
});

test.each([
  ["true", "true"],
  ["true", "false"],
  ["false", "true"],
])("X-Job-Error that is said twice, %s and %s, is a failure", async (first, second) => {
  const headers = new Headers();
  for (const one of [first, second]) {
    headers.append("X-Job-Error", one);
    headers.append("X-Job-Id", "7");
    headers.append("X-Worker-Id", "w");
  }
  records.length = 0;
  const response = await app.request(`http://localhost/callback?token=${token}`, { method: "POST", headers });
  expect([response.status, await response.json()]).toEqual([200, { workerId: "w", jobId: "7" }]);
  expect(records).toMatchObject([{ kind: "retry" }]);
});

test("two job ids in one callback are no job's", async () => {
  const headers = { "X-Job-Id": "7, 8", "X-Worker-Id": "w" };
  const response = await app.request(`http://localhost/callback?token=${token}`, { method: "POST", headers });
  expect(response.status).toBe(401);
});
