// The function that the bench calls, in a process of its own: it answers 200 at once and keeps when it was called, in ms.
// Prints its port. GET gives `{ startedAt, endedAt }` since the last DELETE: when a tenth of `?of=N` calls had come, and all.

let times: number[] = [];
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  idleTimeout: 0,
  fetch: async (request) => {
    if (request.method === "POST") {
      await request.text();
      times.push(performance.now());
      return new Response(null, { status: 200 });
    }
    if (request.method === "DELETE") times = [];
    const of = Number(new URL(request.url).searchParams.get("of"));
    return Response.json({ startedAt: times[Math.floor(of / 10)] ?? null, endedAt: times[of - 1] ?? null });
  },
});
console.log(server.port);
