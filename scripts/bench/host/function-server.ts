// The function that the benches call, in a process of its own: it answers 200 at once and counts its calls. Prints its port.
//
// GET gives `{ calls, at, lastAt }`: how many came since the last DELETE, this process's clock and the last call by it, in ms.
// After a DELETE `?of=N` adds `startedAt` and `endedAt`: when a tenth of N calls had come, and all. After `DELETE ?keep=true`,
// `?arrivals=true` gives `[n, at]` for each call with a payload `{"n": n}` instead, at being the wall clock in ms when its
// headers were there, finer than Date.now().
//
// Started with the word `late` it reads payloads, and `?lateness=true` adds how late each call since the last such question
// was, in ms, whose payload says `at` when it was enqueued, in ms since 1970. With `callback` it answers, and then reports
// success to the X-Callback-Url that it was given, as the published function kit does. With `wait=MS` it answers after so many
// milliseconds.

const callsBack = process.argv.includes("callback");
const readsPayloads = process.argv.includes("late");
const waitMs = Number(/ wait=(\d+)/.exec(process.argv.join(" "))?.[1] ?? 0);
let calls = 0;
let lastAt = 0;
let times: number[] | null = null;
const lateness: number[] = [];
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
      calls += 1;
      lastAt = at;
      times?.push(at);
      if (readsPayloads) noteLateness(body, at);
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
      calls = 0;
      times = [];
      arrivals = query.has("keep") ? [] : null;
      wallOffset = measureWallOffset();
    }
    if (query.has("arrivals"))
      return Response.json(arrivals?.map(({ at: when, body }) => [JSON.parse(body).n, when]) ?? []);
    const of = Number(query.get("of"));
    return Response.json({
      calls,
      at,
      lastAt,
      lateness: query.has("lateness") ? lateness.splice(0) : [],
      startedAt: times?.[Math.floor(of / 10)] ?? null,
      endedAt: times?.[of - 1] ?? null,
    });
  },
});
console.log(server.port);

function noteLateness(body: string, calledAt: number): void {
  const { at } = JSON.parse(body);
  if (typeof at === "number") lateness.push(performance.timeOrigin + calledAt - at);
}

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
