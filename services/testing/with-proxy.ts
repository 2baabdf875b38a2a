import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A TCP proxy that a test can break. */
export type Proxy = AsyncDisposable & {
  readonly port: number;
  /** Closes all connections and refuses new ones until `mend`. */
  readonly cut: () => void;
  /** Keeps connections open and passes nothing on until `mend`: what a half-open connection looks like. */
  readonly freeze: () => void;
  /** Holds each piece of data back for so long from now on, in ms; 0 passes it on at once. `mend` does not end it. */
  readonly delay: (ms: number) => void;
  readonly mend: () => void;
};

/** Gives a proxy on a free port of 127.0.0.1 to another port there. */
export async function withProxy(targetPort: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  let state: "open" | "cut" | "frozen" = "open";
  let delayMs = 0;

  // While a piece is held back its socket is paused, so that none overtakes another.
  const pass = (from: Socket, to: Socket, chunk: Uint8Array) => {
    if (delayMs === 0) {
      to.write(chunk);
      return;
    }
    from.pause();
    setTimeout(() => {
      to.write(chunk);
      if (state !== "frozen") from.resume();
    }, delayMs);
  };

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
    join(incoming, outgoing, pass);
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
    delay: (ms) => {
      delayMs = ms;
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

type Pass = (from: Socket, to: Socket, chunk: Uint8Array) => void;

function join(a: Socket, b: Socket, pass: Pass): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.on("data", (chunk: Uint8Array) => pass(from, to, chunk));
    from.on("end", () => to.end());
    from.on("close", () => to.destroy());
  }
}
