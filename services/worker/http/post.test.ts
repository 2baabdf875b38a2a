import { expect, test } from "bun:test";
import { until } from "../../testing/until.ts";
import { withFunction } from "../../testing/with-function.ts";
import { createPoster } from "./post.ts";

// With a proxy in the settings every request goes by fetch.
test.each([
  ["our own client", false],
  ["fetch", true],
])(
  "of two requests by %s one can be given up, and its function alone sees the connection close",
  async (_, usesProxy) => {
    const answers = [Promise.withResolvers<Response>(), Promise.withResolvers<Response>()];
    await using fn = await withFunction(
      ({ path }) => answers[Number(path.slice(1))]?.promise ?? new Response(),
    );
    const client = createPoster({ usesProxy });
    const requests = ["0", "1"].map((path) => ({ url: `${fn.url}/${path}`, headers: {}, body: "{}" }));
    const [first, second] = requests.map((request) => client.post(request, 60_000));
    await until("both have arrived", () => fn.requests.length === 2);
    for (const request of requests.slice(0, 1)) client.abort(request);
    expect(await first).toBe(null);
    const signalOf = (path: string) => fn.requests.find((request) => request.path === path)?.signal;
    await until("its function sees it", () => signalOf("/0")?.aborted);
    expect(signalOf("/1")?.aborted).toBe(false);
    answers[1]?.resolve(new Response("done"));
    expect(await second).toMatchObject({ status: 200, body: "done" });
    client.close();
  },
);
