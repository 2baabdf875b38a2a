import { expect, test } from "bun:test";
import type { Socket } from "bun";
import { generate } from "selfsigned";
import { until } from "../../testing/until.ts";
import { withFunction } from "../../testing/with-function.ts";
import { withTunnelProxy } from "../../testing/with-tunnel-proxy.ts";
import { type ClientOptions, createHttpClient } from "./http-client.ts";
import { createProxies } from "./proxies.ts";

// How functions are reached: by https, through proxies, and what it means where they are not.

const names = [
  { type: 2 as const, value: "localhost" },
  { type: 7 as const, ip: "127.0.0.1" },
];
const certificateFor = (altNames: typeof names) =>
  generate([{ name: "commonName", value: "test" }], {
    extensions: [{ name: "subjectAltName", altNames }],
  });
const { private: key, cert } = await certificateFor(names);

function withClient(options: ClientOptions = {}) {
  const client = createHttpClient({ ca: cert, ...options });
  return { ...client, [Symbol.dispose]: client.close };
}

type Seen = {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
};

/** A function behind https. */
function withSecureFunction(tls: { readonly key: string; readonly cert: string } = { key, cert }) {
  const seen: Seen[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls,
    fetch: async (request) => {
      const { method, headers } = request;
      const { pathname, search } = new URL(request.url);
      seen.push({ method, path: pathname + search, headers, body: await request.text() });
      return new Response("done");
    },
  });
  return { port: server.port ?? 0, seen, [Symbol.asyncDispose]: () => server.stop(true) };
}

/** A peer that does this with what it is sent, and counts connections. */
function withPeer(
  onData: (socket: Socket, chunk: Buffer) => void,
  onOpen: (socket: Socket) => void = () => {},
) {
  let opened = 0;
  let closed = 0;
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open: (socket) => {
        opened += 1;
        onOpen(socket);
      },
      data: onData,
      close: () => {
        closed += 1;
      },
      error: () => {},
    },
  });
  return {
    port: listener.port,
    opened: () => opened,
    closed: () => closed,
    [Symbol.dispose]: () => listener.stop(true),
  };
}

const post = (url: string, body = "{}") => ({ url, headers: { "X-One": "1" }, body });

test.each(["localhost", "127.0.0.1"])(
  "a function at https://%s gets its requests on one connection",
  async (host) => {
    await using fn = withSecureFunction();
    using client = withClient();
    const body = "é".repeat(2_000_000);
    const url = `https://${host}:${fn.port}/a%2Fb?c=d`;
    expect(await client.post(post(url), 20_000)).toMatchObject({ status: 200, body: "done" });
    expect(await client.post(post(url, body), 20_000)).toMatchObject({ status: 200, body: "done" });
    expect(fn.seen.map(({ path }) => path)).toEqual(["/a%2Fb?c=d", "/a%2Fb?c=d"]);
    expect(fn.seen[1]?.body === body).toBe(true);
    expect(fn.seen[0]?.headers.get("host")).toBe(`${host}:${fn.port}`);
  },
);

test("a request that is given up by https is seen to be", async () => {
  const signals: AbortSignal[] = [];
  using server = Bun.serve({
    port: 0,
    tls: { key, cert },
    fetch: (request) => {
      signals.push(request.signal);
      return new Promise<Response>(() => {});
    },
  });
  using client = withClient();
  const request = post(`https://localhost:${server.port}/`);
  const ended = client.post(request, 60_000);
  await until("it has arrived", () => signals.length === 1);
  client.abort(request);
  expect(await ended).toBe(null);
  await until("the function sees it", () => signals[0]?.aborted);
});

test("user name and password of a URL are told, and neither is a part of the request's target", async () => {
  await using fn = await withFunction();
  using client = withClient();
  await client.post(post(`${fn.url.replace("//", "//ada:s%40cret%@")}/a`), 5_000);
  expect(fn.requests[0]?.path).toBe("/a");
  expect(fn.requests[0]?.headers.get("authorization")).toBe(`Basic ${btoa("ada:s%40cret%")}`);
  await client.post(post(`${fn.url.replace("//", "//ada:s%40cret@")}/a`), 5_000);
  expect(fn.requests[1]?.headers.get("authorization")).toBe(`Basic ${btoa("ada:s@cret")}`);
});

test("every request says who sends it", async () => {
  await using fn = await withFunction();
  using client = withClient();
  await client.post(post(fn.url), 5_000);
  expect(fn.requests[0]?.headers.get("user-agent")).toBe("knative-jobs-on-bun");
});

test("by a proxy, http is asked for by its whole URL and https through a tunnel, but for what NO_PROXY names", async () => {
  await using fn = await withFunction();
  await using secure = withSecureFunction();
  await using forHttp = await withTunnelProxy(Number(new URL(fn.url).port));
  await using forHttps = await withTunnelProxy(secure.port);
  using client = withClient({
    proxies: createProxies({
      HTTP_PROXY: forHttp.url.replace("//", "//ada:one@"),
      HTTPS_PROXY: forHttps.url.replace("http://", "bob:two@"),
      NO_PROXY: "127.0.0.1",
    }),
  });
  for (const path of ["/a?b=c", "/d"]) {
    expect(await client.post(post(`http://function.test${path}`), 20_000)).toMatchObject({ status: 200 });
    expect(await client.post(post(`https://localhost:8443${path}`), 20_000)).toMatchObject({ status: 200 });
  }
  await client.post(post(`${fn.url}/direct`), 20_000);

  expect(forHttp.heads).toHaveLength(1);
  expect(forHttp.heads[0]).toStartWith("POST http://function.test/a?b=c HTTP/1.1\r\nHost: function.test\r\n");
  expect(forHttp.heads[0]).toContain(`\r\nProxy-Authorization: Basic ${btoa("ada:one")}\r\n`);
  expect(forHttps.heads).toHaveLength(1);
  expect(forHttps.heads[0]).toStartWith("CONNECT localhost:8443 HTTP/1.1\r\nHost: localhost:8443\r\n");
  expect(forHttps.heads[0]).toEndWith(`\r\nProxy-Authorization: Basic ${btoa("bob:two")}`);
  expect(secure.seen.map(({ path }) => path)).toEqual(["/a?b=c", "/d"]);
  expect([...(secure.seen[0]?.headers.keys() ?? [])]).not.toContain("proxy-authorization");
});

const closes = (socket: Socket) => {
  socket.end();
};
const resets = (socket: Socket) => {
  socket.terminate();
};
const says = (text: string) => (socket: Socket) => {
  socket.write(text);
};

test.each([
  ["closes when it is spoken to", closes],
  ["resets when it is spoken to", resets],
  ["answers in clear", says("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")],
  ["answers with an alert", says("\x15\x03\x03\0\x02\x02\x28")],
])("a function by https that %s before TLS is agreed was not reached", async (_, behave) => {
  using peer = withPeer(behave);
  using client = withClient();
  const ended = await client.post(post(`https://127.0.0.1:${peer.port}/f?code=s3cret`), 20_000);
  expect(ended).toMatchObject({ failure: "refused" });
  expect(JSON.stringify(ended)).not.toContain("s3cret");
  expect(peer.opened()).toBe(1);
  await until("the connection is closed", () => peer.closed() === 1);
});

test("nor one that closes the connection at once, nor one that never agrees on TLS", async () => {
  using closing = withPeer(() => {}, closes);
  using silent = withPeer(() => {});
  using client = withClient();
  const urls = [closing, silent].map(({ port }) => `https://127.0.0.1:${port}/`);
  for (const url of urls) expect(await client.post(post(url), 300)).toMatchObject({ failure: "refused" });
  await until("the connection is given up", () => silent.closed() === 1);
});

test("a certificate that is not trusted, or another's, is a function that was not reached, in words", async () => {
  const other = await certificateFor([{ type: 2, value: "other.test" }]);
  const tls = { key: other.private, cert: other.cert };
  await using fn = withSecureFunction(tls);
  for (const [ca, why] of [
    [cert, "its certificate is not trusted: "],
    [other.cert, "altnames"],
  ] as const) {
    using client = withClient({ ca });
    const ended = await client.post(post(`https://localhost:${fn.port}/f?code=s3cret`), 20_000);
    expect(ended).toEqual({ failure: "refused", message: expect.stringContaining(why) });
    expect(JSON.stringify(ended)).not.toContain("s3cret");
  }
  expect(fn.seen).toEqual([]);
});

test.each([
  ["refuses", says("HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno!"), "opens no tunnel (HTTP 403)"],
  ["wants a password", says("HTTP/1.1 407 X\r\nContent-Length: 0\r\n\r\n"), "opens no tunnel (HTTP 407)"],
  ["is away itself", says("HTTP/1.1 503 X\r\n\r\n"), "opens no tunnel (HTTP 503)"],
  ["leads elsewhere", says("HTTP/1.1 302 X\r\nLocation: /login\r\n\r\n"), "opens no tunnel (HTTP 302)"],
  ["is none", says("220 mail.example ESMTP\r\n"), "opens no tunnel: what came is not an HTTP/1 answer"],
  ["closes", closes, "has closed the connection"],
  ["resets", resets, "has closed the connection"],
  [
    "opens a tunnel that leads nowhere",
    (socket: Socket, chunk: Buffer) => {
      if (chunk.toString("latin1").startsWith("CONNECT")) socket.write("HTTP/1.1 200 OK\r\n\r\n");
      else socket.end();
    },
    "it closed the connection before TLS was agreed",
  ],
])("a function behind a proxy that %s was not reached", async (_, behave, why) => {
  using peer = withPeer(behave);
  using client = withClient({
    proxies: createProxies({ HTTPS_PROXY: `http://ada:s3cret@127.0.0.1:${peer.port}` }),
  });
  const ended = await client.post(post("https://function.test/?code=s3cret"), 20_000);
  expect(ended).toEqual({ failure: "refused", message: expect.stringContaining(why) });
  expect(JSON.stringify(ended)).not.toContain("s3cret");
  await until("the connection is closed", () => peer.closed() === 1);
});

test("nor one behind a proxy that is not there, which is named", async () => {
  using client = withClient({
    proxies: createProxies({ HTTPS_PROXY: "http://ada:s3cret@127.0.0.1:1", HTTP_PROXY: "127.0.0.1:1" }),
  });
  for (const url of ["https://function.test/", "http://function.test/"]) {
    const ended = await client.post(post(url), 20_000);
    expect(ended).toEqual({ failure: "refused", message: expect.stringContaining("the proxy 127.0.0.1:1") });
    expect(JSON.stringify(ended)).not.toContain("s3cret");
  }
});

test("nor one by http whose proxy wants a password; what else it answers may be the function's", async () => {
  using asking = withPeer(says("HTTP/1.1 407 X\r\nContent-Length: 0\r\n\r\n"));
  using failing = withPeer(says("HTTP/1.1 502 X\r\nContent-Length: 0\r\n\r\n"));
  const by = (port: number) => withClient({ proxies: createProxies({ HTTP_PROXY: `127.0.0.1:${port}` }) });
  using one = by(asking.port);
  using other = by(failing.port);
  const refused = {
    failure: "refused" as const,
    message: expect.stringContaining("wants a password (HTTP 407)"),
  };
  expect(await one.post(post("http://function.test/"), 20_000)).toEqual(refused);
  expect(await other.post(post("http://function.test/"), 20_000)).toMatchObject({ status: 502 });
});

test("a body that ends with the connection has not come where that was reset", async () => {
  using peer = withPeer((socket) => {
    socket.write("HTTP/1.1 200 OK\r\n\r\npart");
    socket.flush();
    setTimeout(resets, 20, socket);
  });
  using client = withClient();
  expect(await client.post(post(`http://127.0.0.1:${peer.port}/`), 20_000)).toMatchObject({
    failure: "lost",
  });
});
