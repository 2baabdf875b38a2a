import { jobRequestHeaders } from "../../../functions/protocol/headers.ts";

// plain-fetch.ts URL COUNT WIDTH [protocol]: calls the function COUNT times, with WIDTH requests in flight, each with a content type
// alone or with all the headers of a job request.

const [url = "", count, width, word] = process.argv.slice(2);
const databaseId = crypto.randomUUID();
const all = () =>
  jobRequestHeaders({
    workerId: "worker",
    jobId: "1",
    databaseId,
    callbackUrl: `http://127.0.0.1:1/callback?token=${databaseId}.0123456789012345678901`,
    attempt: 1,
    maxAttempts: 25,
    taskIdentifier: "mail",
    deadline: new Date(),
    timeoutSeconds: 290,
    createdAt: new Date(),
    traceparent: null,
    tracestate: null,
    scheduleId: null,
    scheduledAt: null,
    revision: 0,
  });
const headersOf = word === "protocol" ? all : () => ({ "Content-Type": "application/json" });

let left = Number(count);
const callers = Array.from({ length: Number(width) }, async () => {
  while (left-- > 0) {
    const init = { method: "POST", headers: headersOf(), body: '{"n":1}' };
    const response = await fetch(`${url}/mail`, init);
    await response.text();
  }
});
await Promise.all(callers);
// It stays until it is ended, so that its CPU can be read.
setInterval(() => {}, 60_000);
