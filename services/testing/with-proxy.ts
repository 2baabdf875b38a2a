import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** A TCP proxy that a test can break. */
export type Proxy = AsyncDisposable & {
  readonly port: number;
  /** Closes all connections and refuses new ones until `mend`. */
  readonly cut: () => void;
  /** Keeps connections open and passes nothing on until `mend`: what a half-open connection looks like. */
  readonly freeze: () => void;
  /** Swallows what the present connections send, for ever and without closing them; new ones work. */
  readonly strand: () => void;
  /** Leads new connections to another port. */
  readonly turnTo: (targetPort: number) => void;
  /** Holds each piece of data back for so long from now on, in ms; 0 passes it on at once. `mend` does not end it. */
  readonly delay: (ms: number) => void;
  readonly mend: () => void;
};

/** Gives a proxy on a free port of 127.0.0.1 to another port there. */
export async function withProxy(firstTargetPort: number): Promise<Proxy> {
  const sockets = new Set<Socket>();
  const stranded = new WeakSet<Socket>();
  let targetPort = firstTargetPort;
  let state: "open" | "cut" | "frozen" = "open";
  let delayMs = 0;

  // While a piece is held back its socket is paused, so that none overtakes another.
  const pass = (from: Socket, to: Socket, chunk: Uint8Array) => {
    if (stranded.has(from)) return;
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
    for (const socket of [incoming, outgoing]) keep(socket, sockets);
    if (state === "cut") {
      incoming.destroy();
      outgoing.destroy();
      return;
    }
    join(incoming, outgoing, { pass, isStranded: (socket) => stranded.has(socket) });
    if (state === "frozen") for (const socket of [incoming, outgoing]) socket.pause();
  });
  const port = await listen(server);

  return {
    port,
    cut: () => {
      state = "cut";
      for (const socket of sockets) socket.destroy();
    },
    freeze: () => {
      state = "frozen";
      for (const socket of sockets) socket.pause();
    },
    strand: () => {
      for (const socket of sockets) stranded.add(socket);
    },
    turnTo: (port) => {
      targetPort = port;
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

function keep(socket: Socket, sockets: Set<Socket>): void {
  sockets.add(socket);
  socket.on("error", () => socket.destroy());
  socket.on("close", () => sockets.delete(socket));
}

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The proxy has no port.");
  return address.port;
}

type JoinOptions = {
  readonly pass: (from: Socket, to: Socket, chunk: Uint8Array) => void;
  readonly isStranded: (socket: Socket) => boolean;
};

function join(a: Socket, b: Socket, { pass, isStranded }: JoinOptions): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.on("data", (chunk: Uint8Array) => pass(from, to, chunk));
    from.on("end", () => {
      if (!isStranded(from)) to.end();
    });
    from.on("close", () => {
      if (!isStranded(from)) to.destroy();
    });
  }
}
