import type { Socket, SocketHandler } from "bun";
import type { DispatchFailure } from "#protocol/outcome";
import { createHeadReader } from "./head-reader.ts";

/** What TLS is told: whom a certificate has to name, and the CAs that are trusted where those are not the system's. */
export type Tls = { readonly serverName?: string; readonly ca?: string };

/** Where to connect to: a function's host or its proxy, and how to go on from there. */
export type Address = {
  readonly hostname: string;
  readonly port: number;
  /** How to speak TLS to it, or null for plain TCP. */
  readonly tls: Tls | null;
  /** Whether it is a proxy. */
  readonly isProxy: boolean;
  /** The request that asks a proxy for a tunnel to the function's host (RFC 9110 §9.3.6), and how to speak TLS through it. */
  readonly tunnel: { readonly head: string; readonly tls: Tls } | null;
};

/** A request as it goes over the wire, and its length in UTF-8. */
export type Message = { readonly text: string; readonly bytes: number };

/** Who is told what happens on a connection while a request is under way. */
export type Listener = {
  readonly onBytes: (chunk: Buffer) => void;
  /** `fault` is null where the server has closed the connection as one does. */
  readonly onClosed: (fault: string | null) => void;
};

/** A connection that is open to a function, or was. */
export type Connection = {
  /** By performance.now(). */
  readonly openedAt: number;
  /** Sends a request and tells `listener` what comes. */
  readonly send: (message: Message, listener: Listener) => void;
  /** Ends the request under way: nobody is told any more. Gives whether all of it was sent. */
  readonly rest: () => boolean;
  readonly isOpen: () => boolean;
  /** Closes it at once; nobody is told. */
  readonly close: () => void;
};

/** What becomes of an attempt to connect; one is called at most. */
export type ConnectEvents = {
  readonly opened: (connection: Connection) => void;
  /** Nothing of a request was sent. */
  readonly failed: (failure: DispatchFailure) => void;
};

type AnySocket = Pick<Socket, "write" | "terminate">;

/** Opens a connection, all the way to a function. Gives a function that gives it up, after which nobody is told. */
export function openConnection(address: Address, events: ConnectEvents): () => void {
  const { hostname, port, tls, tunnel } = address;
  let opening: AnySocket | null = null;
  let isSettled = false;

  const attempt: Attempt = {
    begun: (socket) => {
      opening = socket;
      if (isSettled) socket.terminate();
    },
    opened: (connection) => {
      if (isSettled) return connection.close();
      isSettled = true;
      events.opened(connection);
    },
    failed: (failure) => {
      if (isSettled) return;
      isSettled = true;
      opening?.terminate();
      events.failed(failure);
    },
  };
  const socket = tunnel === null ? carryRequests(tls !== null, attempt) : digTunnel(address, tunnel, attempt);
  Bun.connect({ hostname, port, socket, ...(tls === null ? {} : { tls }) }).catch((error: unknown) =>
    attempt.failed(connectFault(error, address)),
  );
  return () => {
    isSettled = true;
    opening?.terminate();
  };
}

/** What is told on the way to an open connection; after the first of `opened` and `failed` nothing counts. */
type Attempt = {
  readonly begun: (socket: AnySocket) => void;
  readonly opened: (connection: Connection) => void;
  readonly failed: (failure: DispatchFailure) => void;
};

/** Gives what goes on with a socket on which requests are sent, once it is open and, with TLS, the certificate is trusted. */
function carryRequests(isSecure: boolean, attempt: Attempt): SocketHandler {
  let socket: AnySocket | null = null;
  let listener: Listener | null = null;
  let unsent: Buffer | null = null;

  const push = (bytes: Buffer) => {
    const sent = socket?.write(bytes) ?? -1;
    unsent = sent < 0 || sent >= bytes.length ? null : bytes.subarray(sent);
  };

  const begin = (opened: AnySocket): Connection => {
    socket = opened;
    return {
      openedAt: performance.now(),
      send: ({ text, bytes }, next) => {
        listener = next;
        const sent = socket?.write(text) ?? -1;
        if (sent >= 0 && sent < bytes) push(Buffer.from(text).subarray(sent));
      },
      rest: () => {
        listener = null;
        return unsent === null;
      },
      isOpen: () => socket !== null,
      close: () => {
        listener = null;
        socket?.terminate();
      },
    };
  };

  return {
    open: (opened) => {
      attempt.begun(opened);
      if (!isSecure) attempt.opened(begin(opened));
    },
    handshake: (opened, isTrusted, error) => {
      if (isTrusted) attempt.opened(begin(opened));
      else attempt.failed({ failure: "refused", message: tlsFault(error) });
    },
    data: (from, chunk) => {
      // Nobody asked for these bytes, so what follows could be taken for another request's answer.
      if (listener === null) from.terminate();
      else listener.onBytes(chunk);
    },
    drain: () => {
      if (unsent !== null) push(unsent);
    },
    close: (_, error) => {
      attempt.failed({ failure: "refused", message: tlsFault(error) });
      socket = null;
      const told = listener;
      listener = null;
      told?.onClosed(error === undefined ? null : error.message);
    },
    // Both are told elsewhere: a failure to connect by the promise, an error by `close`, which follows.
    connectError: () => {},
    error: () => {},
  };
}

/** Gives what goes on with a socket to a proxy, until requests are sent through the tunnel that it has opened. */
function digTunnel(
  { hostname, port }: Address,
  { head, tls }: NonNullable<Address["tunnel"]>,
  attempt: Attempt,
): SocketHandler {
  const reader = createHeadReader();
  let isOpen = false;
  const refused = (why: string) =>
    attempt.failed({ failure: "refused", message: `the proxy ${hostname}:${port} ${why}` });
  return {
    open: (socket) => {
      attempt.begun(socket);
      socket.write(head);
    },
    data: (socket, chunk) => {
      // What comes through it goes by the socket that speaks TLS.
      if (isOpen) return;
      try {
        const answer = reader.push(chunk);
        if (answer === null) return;
        const { status } = answer.head;
        if (status >= 300) return refused(`opens no tunnel (HTTP ${status})`);
        isOpen = true;
        socket.upgradeTLS({ data: undefined, tls, socket: carryRequests(true, attempt) });
      } catch (error) {
        refused(`opens no tunnel: ${messageOf(error)}`);
      }
    },
    close: () => {
      if (!isOpen) refused("has closed the connection");
    },
    connectError: () => {},
    error: () => {},
  };
}

/** Codes of a host name that leads nowhere. */
const notResolved = /^(ENOTFOUND|EAI_\w+)$/;

/** A connection that did not come about: the function was not reached. */
function connectFault(error: unknown, { hostname, port, isProxy }: Address): DispatchFailure {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const message = messageOf(error);
  if (isProxy)
    return { failure: "refused", message: `the proxy ${hostname}:${port} cannot be reached: ${message}` };
  return { failure: notResolved.test(code) ? "dns" : "refused", message };
}

/** Gives why there is no TLS on a connection, and what helps. */
function tlsFault(error: Error | null | undefined): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "EPROTO") return "it does not speak TLS as asked by https: is this its port?";
  if (code === "" || code === "ECONNRESET") return "it closed the connection before TLS was agreed";
  return `its certificate is not trusted: ${messageOf(error)} (${code}). A CA of your own is named in NODE_EXTRA_CA_CERTS`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
