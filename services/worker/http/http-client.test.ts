import { expect, test } from "bun:test";
import type { Socket } from "bun";
import { until } from "../../testing/until.ts";
import { withFunction } from "../../testing/with-function.ts";
import { type ClientOptions, createHttpClient } from "./http-client.ts";

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** A client of a test's own; disposing of it closes it. */
function withClient(options: ClientOptions = {}) {
  const client = createHttpClient(options);
  return { ...client, [Symbol.dispose]: client.close };
}

type Peer = { readonly text: string; readonly number: number; readonly socket: Socket<unknown> };

/** A server that speaks raw bytes: it is told all that came on a connection so far, and which connection that is, from 1. */
function withPeer(onText: (peer: Peer) => void) {
  let count = 0;
  let closed = 0;
  const texts = new Map<object, { text: string; number: number }>();
  const listener = Bun.listen<unknown>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open: (socket) => {
        texts.set(socket, { text: "", number: ++count });
      },
      data: (socket, chunk) => {
        const so = texts.get(socket) ?? { text: "", number: 0 };
        so.text += chunk.toString();
        onText({ ...so, socket });
      },
      close: () => {
        closed += 1;
      },
      error: () => {},
    },
  });
  return {
    url: `http://127.0.0.1:${listener.port}/a`,
    connections: () => count,
    closed: () => closed,
    [Symbol.dispose]: () => listener.stop(true),
  };
}

const request = (url: string, body = "{}") => ({ url, headers: { "X-One": "1" }, body });

test("a request arrives as it was, and its answer comes back", async () => {
  await using fn = await withFunction(
    () => new Response("grüezi", { status: 201, headers: { "X-Two": "2" } }),
  );
  using client = withClient();
  const body = JSON.stringify({ text: "naïve €".repeat(3) });
  const ended = await client.post(request(`${fn.url}/a%2Fb?c=d`, body), 5_000);
  if (ended === null || "failure" in ended) throw new Error("no answer");
  expect(ended).toMatchObject({ status: 201, body: "grüezi" });
  expect(ended.headers.get("x-two")).toBe("2");
  const [received] = fn.requests;
  expect(received?.path).toBe("/a%2Fb?c=d");
  expect(received?.body).toBe(body);
  expect(received?.headers.get("x-one")).toBe("1");
  expect(received?.headers.get("host")).toBe(new URL(fn.url).host);
});

test("a body larger than the socket takes at once arrives whole", async () => {
  await using fn = await withFunction(async ({ body }) => Response.json({ length: body.length }));
  using client = withClient();
  const ended = await client.post(request(fn.url, "é".repeat(4_000_000)), 30_000);
  expect(ended).toMatchObject({ status: 200, body: '{"length":4000000}' });
});

test("requests that follow each other share a connection, those at the same time do not", async () => {
  using peer = withPeer(({ socket }) => socket.write(ok));
  using client = withClient();
  await client.post(request(peer.url), 5_000);
  await client.post(request(peer.url), 5_000);
  expect(peer.connections()).toBe(1);
  await Promise.all([client.post(request(peer.url), 5_000), client.post(request(peer.url), 5_000)]);
  expect(peer.connections()).toBe(2);
});

/** However long this host takes, a close counts as one that crossed the request. */
const slowHost = { crossingMs: 60_000 };

test("a kept connection that the server closes instead of answering is replaced, once", async () => {
  using peer = withPeer(({ text, number, socket }) => {
    if (number === 1 && text.split("POST ").length === 3) socket.end();
    else socket.write(ok);
  });
  using client = withClient(slowHost);
  await client.post(request(peer.url), 5_000);
  expect(await client.post(request(peer.url), 5_000)).toMatchObject({ status: 200 });
  expect(peer.connections()).toBe(2);
});

test("a request that a kept connection took for a while, and lost, is not sent again", async () => {
  using peer = withPeer(({ text, number, socket }) => {
    if (number === 1 && text.split("POST ").length === 3) setTimeout(() => socket.terminate(), 400);
    else socket.write(ok);
  });
  using client = withClient();
  await client.post(request(peer.url), 5_000);
  expect(await client.post(request(peer.url), 5_000)).toMatchObject({ failure: "lost" });
  expect(peer.connections()).toBe(1);
});

test("a function that dies of its request is one that has lost it, and not out of reach", async () => {
  const peer = withPeer(({ text, socket }) => {
    if (text.split("POST ").length < 3) return socket.write(ok);
    peer[Symbol.dispose]();
    return socket.terminate();
  });
  using client = withClient(slowHost);
  await client.post(request(peer.url), 5_000);
  expect(await client.post(request(peer.url), 5_000)).toMatchObject({ failure: "lost" });
  expect(await client.post(request(peer.url), 5_000)).toMatchObject({ failure: "refused" });
});

test("a request that is refused as seen before, when sent again, was lost", async () => {
  using peer = withPeer(({ text, number, socket }) => {
    if (number === 2) socket.write("HTTP/1.1 425 Too Early\r\nContent-Length: 0\r\n\r\n");
    else if (text.split("POST ").length === 3) socket.terminate();
    else socket.write(ok);
  });
  using client = withClient(slowHost);
  await client.post(request(peer.url), 5_000);
  expect(await client.post(request(peer.url), 5_000)).toMatchObject({ failure: "lost" });
  expect(peer.connections()).toBe(2);
});

test.each([
  ["closes without an answer", (socket: Socket<unknown>) => socket.end()],
  ["resets the connection", (socket: Socket<unknown>) => socket.terminate()],
  [
    "breaks off its answer",
    (socket: Socket<unknown>) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok"),
  ],
  ["answers with garbage", (socket: Socket<unknown>) => socket.write("go away\r\n\r\n")],
])("a server that %s has lost the request", async (_, answer) => {
  using peer = withPeer(({ socket }) => {
    answer(socket);
  });
  using client = withClient();
  expect(await client.post(request(peer.url), 5_000)).toMatchObject({ failure: "lost" });
  expect(peer.connections()).toBe(1);
});

test("a server that never answers is a timeout, and sees the connection close", async () => {
  await using fn = await withFunction(() => new Promise<Response>(() => {}));
  using client = withClient();
  expect(await client.post(request(fn.url), 50)).toMatchObject({ failure: "timeout" });
  await until("the function sees it", () => fn.requests[0]?.signal.aborted);
});

test("a server that answers a little at a time has until the timeout, and no longer", async () => {
  using peer = withPeer(({ socket }) => {
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n1");
  });
  using client = withClient();
  expect(await client.post(request(peer.url), 50)).toMatchObject({ failure: "timeout" });
});

test("a request that is given up resolves to null, and its function sees the connection close", async () => {
  await using fn = await withFunction(() => new Promise<Response>(() => {}));
  using client = withClient();
  const ended = client.post(request(fn.url), 5_000);
  await until("it has arrived", () => fn.requests.length === 1);
  client.giveUp();
  expect(await ended).toBe(null);
  await until("the function sees it", () => fn.requests[0]?.signal.aborted);
});

test("no server at the port, or no such host, is told apart", async () => {
  using client = withClient();
  expect(await client.post(request("http://127.0.0.1:1/"), 5_000)).toMatchObject({ failure: "refused" });
  expect(await client.post(request("http://nobody.invalid/"), 20_000)).toMatchObject({ failure: "dns" });
});

test("bytes that nobody asked for end the connection that they came on", async () => {
  const sockets: Socket<unknown>[] = [];
  using peer = withPeer(({ socket }) => {
    sockets.push(socket);
    socket.write(ok);
  });
  using client = withClient();
  await client.post(request(peer.url), 5_000);
  sockets[0]?.write(ok);
  await until("the client has closed it", () => peer.closed() === 1);
  expect(await client.post(request(peer.url), 5_000)).toMatchObject({ status: 200 });
  expect(peer.connections()).toBe(2);
});

test("a request whose connection opens when it may no longer be sent is given up", async () => {
  let heard = "";
  using peer = withPeer(({ text }) => {
    heard += text;
  });
  const client = createHttpClient({ maySend: () => false });
  expect(await client.post(request(peer.url), 60_000)).toBeNull();
  await until("its connection is closed", () => peer.closed() === 1);
  expect(heard).toBe("");
  client.close();
});
