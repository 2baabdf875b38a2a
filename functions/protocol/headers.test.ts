import { expect, test } from "bun:test";
import { jobRequestHeaders, readJobHeaders } from "./headers.ts";

const facts = {
  workerId: "worker-1",
  jobId: "7",
  databaseId: "0b5a1f3e-0000-4000-8000-000000000001",
  callbackUrl: "http://127.0.0.1:12345/callback?token=a%20b",
  attempt: 2,
  maxAttempts: 25,
  taskIdentifier: "send-email-link",
  deadline: new Date("2026-11-06T09:00:00Z"),
  timeoutSeconds: 290,
  createdAt: new Date("2026-11-06T08:00:00Z"),
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  tracestate: "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7",
  scheduleId: "3",
  scheduledAt: new Date("2026-11-06T07:59:00Z"),
  revision: 0,
};

test("a job request carries every header of the protocol", () => {
  expect(jobRequestHeaders(facts)).toEqual({
    "Content-Type": "application/json",
    "X-Worker-Id": "worker-1",
    "X-Job-Id": "7",
    "X-Database-Id": facts.databaseId,
    "X-Callback-Url": facts.callbackUrl,
    "X-Job-Attempt": "2",
    "X-Job-Max-Attempts": "25",
    "X-Job-Completion": "response",
    "X-Job-Deadline": "2026-11-06T09:00:00.000Z",
    "X-Job-Timeout-Seconds": "290",
    "Idempotency-Key": `${facts.databaseId}:7`,
    traceparent: facts.traceparent,
    tracestate: facts.tracestate,
    "X-Schedule-Id": "3",
    "X-Scheduled-At": "2026-11-06T07:59:00.000Z",
    "ce-specversion": "1.0",
    "ce-id": "7",
    "ce-type": "app_jobs.send-email-link",
    "ce-source": `/databases/${facts.databaseId}`,
    "ce-time": "2026-11-06T08:00:00.000Z",
  });
});

test("a function reads what a worker wrote", () => {
  expect(readJobHeaders(new Headers(jobRequestHeaders(facts)))).toEqual({
    workerId: "worker-1",
    jobId: "7",
    databaseId: facts.databaseId,
    callbackUrl: facts.callbackUrl,
    attempt: 2,
    maxAttempts: 25,
    idempotencyKey: `${facts.databaseId}:7`,
    deadline: facts.deadline,
    timeoutSeconds: 290,
    scheduleId: "3",
    scheduledAt: facts.scheduledAt,
    traceparent: facts.traceparent,
    readsResponse: true,
  });
});

test("the Idempotency-Key and ce-id are the same in every attempt", () => {
  const [first, second] = [1, 2].map((attempt) => jobRequestHeaders({ ...facts, attempt }));
  expect(second?.["Idempotency-Key"]).toBe(first?.["Idempotency-Key"]);
  expect(second?.["ce-id"]).toBe(first?.["ce-id"]);
});

test("a job that was replaced after an attempt has another Idempotency-Key and ce-id, and the same X-Job-Id", () => {
  expect(jobRequestHeaders({ ...facts, revision: 2 })).toMatchObject({
    "X-Job-Id": "7",
    "Idempotency-Key": `${facts.databaseId}:7:2`,
    "ce-id": "7:2",
  });
});

test("hostile values reach no header unencoded", () => {
  const hostile = 'a\r\nX-Evil: 1\0"grüße" 🎉%\ud800';
  const headers = jobRequestHeaders({
    ...facts,
    workerId: hostile,
    taskIdentifier: hostile,
    callbackUrl: hostile,
    source: hostile,
    scheduleId: hostile,
    traceparent: hostile,
  });
  for (const value of Object.values(headers)) expect(value).toMatch(/^[\x20-\x7e]*$/);
  expect(new Headers(headers).get("ce-type")).toBe(
    "app_jobs.a%0D%0AX-Evil:%201%00%22gr%C3%BC%C3%9Fe%22%20%F0%9F%8E%89%25%EF%BF%BD",
  );
  expect(headers).not.toHaveProperty("traceparent");
  expect(headers).not.toHaveProperty("tracestate");
});

test("a job that no schedule made and nobody traces has no such headers", () => {
  const names = Object.keys(
    jobRequestHeaders({ ...facts, scheduleId: null, scheduledAt: null, traceparent: null }),
  );
  expect(names.filter((name) => /schedule|trace/i.test(name))).toEqual([]);
});

test("numbers and dates that are none count as not said", () => {
  const read = readJobHeaders(
    new Headers({ "X-Job-Attempt": "x", "X-Job-Deadline": "soon", "X-Job-Id": " " }),
  );
  expect(Object.values(read).filter((value) => value !== undefined)).toEqual([false]);
});

test("what somebody on the way has said again is read once", () => {
  const twice = new Headers();
  for (const [name, value] of Object.entries(jobRequestHeaders(facts))) {
    twice.append(name, value);
    twice.append(name, value);
  }
  expect(readJobHeaders(twice)).toEqual(readJobHeaders(new Headers(jobRequestHeaders(facts))));
});
