import { expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { until } from "../../testing/until.ts";
import { withFunction } from "../../testing/with-function.ts";
import { answerLimitBytes } from "./answer-reader.ts";
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

test("an answer that fetch unpacks is read up to the limit of what comes out, and not of what was sent", async () => {
  const packed = gzipSync(Buffer.alloc(20_000_000, "a"));
  expect(packed.length).toBeLessThan(answerLimitBytes);
  await using fn = await withFunction(
    () =>
      new Response(packed, { headers: { "Content-Encoding": "gzip", "Content-Length": `${packed.length}` } }),
  );
  const client = createPoster({ usesProxy: true });
  const ended = await client.post({ url: fn.url, headers: {}, body: "{}" }, 60_000);
  expect(ended !== null && "body" in ended && ended.body.length).toBe(answerLimitBytes);
  client.close();
});

test.each([
  [true, "http", "(with HTTP_PROXY set: it may be the proxy)"],
  [true, "https", "Is the computer able to access the url?"],
  [false, "https", "Is the computer able to access the url?"],
])("a failure of fetch says whether a proxy stands between: %p, %s", async (usesProxy, scheme, end) => {
  const client = createPoster({ usesProxy });
  const ended = await client.post({ url: `${scheme}://127.0.0.1:1/x`, headers: {}, body: "{}" }, 60_000);
  client.close();
  expect(ended).toEqual({ failure: "refused", message: expect.stringContaining("Unable to connect") });
  expect(ended !== null && "failure" in ended && ended.message).toEndWith(end);
});
