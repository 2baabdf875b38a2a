import { connect, createServer, type Socket } from "node:net";

/** An HTTP proxy of a test's own: it forwards what is asked for by whole URL, and opens tunnels. */
export type TunnelProxy = AsyncDisposable & {
  readonly url: string;
  /** The first line and the headers of each request that it was sent. */
  readonly heads: string[];
};

/** Gives a proxy that leads every request to a port of 127.0.0.1, whatever host it asks for. */
export async function withTunnelProxy(targetPort: number): Promise<TunnelProxy> {
  const heads: string[] = [];
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    return socket;
  };
  const server = createServer((incoming) => {
    keep(incoming);
    incoming.once("data", (chunk: Buffer) => {
      const head = chunk.toString("latin1").split("\r\n\r\n")[0] ?? "";
      heads.push(head);
      const isTunnel = head.startsWith("CONNECT ");
      const outgoing = keep(connect(targetPort, "127.0.0.1"));
      if (isTunnel) incoming.write("HTTP/1.1 200 Connection established\r\n\r\n");
      else outgoing.write(chunk.toString("latin1").replace(/^(\w+) http:\/\/[^/]+/, "$1 "), "latin1");
      incoming.pipe(outgoing);
      outgoing.pipe(incoming);
    });
  });
  const { promise: listening, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await listening;
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The proxy has no port.");
  return {
    url: `http://127.0.0.1:${address.port}`,
    heads,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => {
        server.close(done);
      });
    },
  };
}
