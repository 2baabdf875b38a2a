import type { Call } from "./with-cluster.ts";

// witness.ts SOCKET: functions on a host of their own, on port 8000, that answer when the test says so. The test asks over a Unix
// socket, which lies in the file system and so needs no network: GET gives all calls, POST /answer?n=2&status=200 answers one, POST
// /send makes the request that its body tells and gives the status.

const [socket = ""] = process.argv.slice(2);
const calls: (Omit<Call, "isAnswered"> & { answer: ((response: Response) => void) | null })[] = [];

Bun.serve({
  port: 8000,
  hostname: "0.0.0.0",
  idleTimeout: 0,
  fetch: (request) => {
    const { promise, resolve } = Promise.withResolvers<Response>();
    const { pathname } = new URL(request.url);
    calls.push({ n: calls.length, path: pathname, headers: request.headers.toJSON(), answer: resolve });
    return promise;
  },
});

Bun.serve({
  unix: socket,
  fetch: async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/answer") {
      const call = calls[Number(searchParams.get("n"))];
      call?.answer?.(new Response(null, { status: Number(searchParams.get("status")) }));
      if (call !== undefined) call.answer = null;
    }
    if (pathname === "/send") {
      const { url, headers }: { url: string; headers: Record<string, string> } = await request.json();
      const response = await fetch(url, { method: "POST", headers });
      return Response.json(response.status);
    }
    const seen = calls.map(({ answer, ...call }): Call => ({ ...call, isAnswered: answer === null }));
    return Response.json(seen);
  },
});
console.log("witness ready");
