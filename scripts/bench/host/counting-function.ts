// A function that answers 200 at once, in a process of its own, and counts its calls. Prints its port. GET gives
// `{ calls, at, lastAt, lateness }`: all calls so far, this process's clock and the last call by it, in ms, and how late each
// call since the last GET was, in ms, for jobs whose payload says `at` when they were enqueued, in ms since 1970. GET /count gives
// the same without lateness, and keeps it.

let calls = 0;
let lastAt = 0;
let lateness: number[] = [];
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  idleTimeout: 0,
  fetch: async (request) => {
    if (request.method === "POST") {
      calls += 1;
      lastAt = performance.now();
      const now = performance.timeOrigin + lastAt;
      const { at } = await request.json();
      if (typeof at === "number") lateness.push(now - at);
      return new Response(null, { status: 200 });
    }
    const answer = { calls, at: performance.now(), lastAt };
    if (request.url.endsWith("/count")) return Response.json({ ...answer, lateness: [] });
    const late = lateness;
    lateness = [];
    return Response.json({ ...answer, lateness: late });
  },
});
console.log(server.port);
