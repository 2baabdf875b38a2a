// The function that the bench calls, in a process of its own: it answers 200 at once and keeps when it was called, in ms.
// Prints its port. GET gives `{ calls, startedAt, endedAt }` since the last DELETE: how many came; when a tenth of `?of=N`
// calls had come, and all. After `DELETE ?keep=true`, `GET ?arrivals=true` gives `[n, at]` for each call with a payload
// `{"n": n}`, at being the wall clock in ms when its headers were there, finer than Date.now().
//
// With the word `callback` it answers, and then reports success to the X-Callback-Url that it was given, as the published
// function kit does. With `wait=MS` it answers after so many milliseconds.

const callsBack = process.argv.includes("callback");
const waitMs = Number(/ wait=(\d+)/.exec(process.argv.join(" "))?.[1] ?? 0);
let times: number[] = [];
let arrivals: { readonly at: number; readonly body: string }[] | null = null;
let wallOffset = 0;

const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  idleTimeout: 0,
  fetch: async (request) => {
    const at = performance.now();
    if (request.method === "POST") {
      const body = await request.text();
      times.push(at);
      arrivals?.push({ at: at + wallOffset, body });
      if (callsBack) {
        // Copied: a request's headers end with its answer.
        const headers = new Headers(request.headers);
        setImmediate(() => void report(headers));
      }
      if (waitMs > 0) await Bun.sleep(waitMs);
      return new Response(null, { status: 200 });
    }
    const query = new URL(request.url).searchParams;
    if (request.method === "DELETE") {
      times = [];
      arrivals = query.has("keep") ? [] : null;
      wallOffset = measureWallOffset();
    }
    if (query.has("arrivals"))
      return Response.json(arrivals?.map(({ at: when, body }) => [JSON.parse(body).n, when]) ?? []);
    const of = Number(query.get("of"));
    return Response.json({
      calls: times.length,
      startedAt: times[Math.floor(of / 10)] ?? null,
      endedAt: times[of - 1] ?? null,
    });
  },
});
console.log(server.port);

/** The wall clock minus performance.now(), read as Date.now() ticks over. */
function measureWallOffset(): number {
  const start = Date.now();
  let now = start;
  while (now === start) now = Date.now();
  return now - performance.now();
}

async function report(given: Headers): Promise<void> {
  const url = new URL(given.get("X-Callback-Url") ?? "");
  if (url.pathname === "/") url.pathname = "/callback";
  const headers = new Headers({ "Content-Type": "application/json" });
  for (const name of ["X-Worker-Id", "X-Job-Id", "X-Database-Id"]) headers.set(name, given.get(name) ?? "");
  try {
    const response = await fetch(url, { method: "POST", headers, body: '{"status":"success"}' });
    await response.text();
  } catch {
    // The service was ended in the midst of its work.
  }
}
