import { heapStats } from "bun:jsc";
import { z } from "zod";
import { defineJob } from "../../../functions/kit/define-job.ts";
import { callbackSettings } from "../../../services/callback/settings.ts";
import { startCallback } from "../../../services/callback/start-callback.ts";
import { readSettings } from "../../../services/config/read-settings.ts";
import { createLog } from "../../../services/log/log.ts";

// The endpoints under attack, in a process of their own so that its memory is theirs alone: the callback server, a function, and a
// function with a signing secret. Prints their ports as JSON, and gives its memory on a fourth.

const settings = readSettings("the callback server", callbackSettings, {
  DATABASE_URL: process.env["DATABASE_URL"],
  INTERNAL_JOBS_CALLBACK_PORT: "0",
});
const log = createLog({ level: "error", format: "json", write: () => {}, now: () => new Date() });
const callback = startCallback(settings, { log });
await callback.ready;

// Whatever URL a request names, nobody is called.
const nobody = async () => new Response(null, { status: 200 });
const job = defineJob(
  { name: "target", payload: z.object({ to: z.email() }), run: () => ({}) },
  { fetch: nobody, sleep: async () => {}, write: () => {} },
);
const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const serve = (env: Readonly<Record<string, string>>) =>
  Bun.serve({ port: 0, hostname: "127.0.0.1", idleTimeout: 0, fetch: (request) => job.fetch(request, env) });

const plain = serve({});
const signed = serve({ JOBS_SIGNING_SECRETS: secret });
const memory = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: () => {
    Bun.gc(true);
    return Response.json({ heapBytes: heapStats().heapSize, residentBytes: process.memoryUsage.rss() });
  },
});
console.log(
  JSON.stringify({
    callback: callback.port,
    function: plain.port,
    signedFunction: signed.port,
    memory: memory.port,
  }),
);
