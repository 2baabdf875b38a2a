import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A TCP proxy that a test can break. */
export type Proxy = AsyncDisposable & {
  readonly port: number;
  /** Closes all connections and refuses new ones until `mend`. */
  readonly cut: () => void;
  /** Keeps connections open and passes nothing on until `mend`: what a half-open connection looks like. */
  readonly freeze: () => void;
  readonly mend: () => void;
};

/** Gives a proxy on a free port of 127.0.0.1 to another port there. */
export async function withProxy(targetPort: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let state: "open" | "cut" | "frozen" = "open";

  const server = createServer((incoming) => {
    const outgoing = connect(targetPort, "127.0.0.1");
    for (const socket of [incoming, outgoing]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => sockets.delete(socket));
    }
    if (state === "cut") {
      incoming.destroy();
      outgoing.destroy();
      return;
    }
    join(incoming, outgoing);
    if (state === "frozen") for (const socket of [incoming, outgoing]) socket.pause();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The proxy has no port.");

  return {
    port: address.port,
    cut: () => {
      state = "cut";
      for (const socket of sockets) socket.destroy();
    },
    freeze: () => {
      state = "frozen";
      for (const socket of sockets) socket.pause();
    },
    mend: () => {
      state = "open";
      for (const socket of sockets) socket.resume();
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function join(a: Socket, b: Socket): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.on("data", (chunk) => to.write(chunk));
    from.on("end", () => to.end());
    from.on("close", () => to.destroy());
  }
}
