// waiting-function.ts MS: a function in a process of its own that answers 200 after so many milliseconds. Prints its port. GET
// gives `{ startedAt, endedAt }` in ms since the last DELETE: when a tenth of `?of=N` calls had come, and when all had.

const waitMs = Number(process.argv[2]);
let times: number[] = [];
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  idleTimeout: 0,
  fetch: async (request) => {
    if (request.method === "POST") {
      times.push(performance.now());
      await request.text();
      if (waitMs > 0) await Bun.sleep(waitMs);
      return new Response(null, { status: 200 });
    }
    if (request.method === "DELETE") times = [];
    const of = Number(new URL(request.url).searchParams.get("of"));
    return Response.json({ startedAt: times[Math.floor(of / 10)] ?? null, endedAt: times[of - 1] ?? null });
  },
});
console.log(server.port);
