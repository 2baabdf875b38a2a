import type { Socket, SocketHandler } from "bun";
import type { DispatchFailure } from "#protocol/outcome";

/** Where to connect to. */
export type Address = { readonly hostname: string; readonly port: number };

/** A request as it goes over the wire, and its length in UTF-8. */
export type Message = { readonly text: string; readonly bytes: number };

/** Who is told what happens on a connection while a request is under way. */
export type Listener = {
  readonly onBytes: (chunk: Buffer) => void;
  readonly onClosed: (reason: string) => void;
};

/** A TCP connection that is open, or was. */
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

/** What becomes of an attempt to connect; exactly one is called. */
export type ConnectEvents = {
  readonly opened: (connection: Connection) => void;
  readonly failed: (failure: DispatchFailure) => void;
};

/** Opens a connection. */
export function openConnection({ hostname, port }: Address, events: ConnectEvents): void {
  let socket: Pick<Socket, "write" | "terminate"> | null = null;
  let listener: Listener | null = null;
  let unsent: Buffer | null = null;

  const push = (bytes: Buffer) => {
    const sent = socket?.write(bytes) ?? -1;
    unsent = sent < 0 || sent >= bytes.length ? null : bytes.subarray(sent);
  };

  const connection: Connection = {
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

  const handler: SocketHandler = {
    open: (opened) => {
      socket = opened;
      events.opened(connection);
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
      socket = null;
      const told = listener;
      listener = null;
      told?.onClosed(error === undefined ? "it closed the connection" : error.message);
    },
    // Both are told elsewhere: a failure to connect by the promise, an error by `close`, which follows.
    connectError: () => {},
    error: () => {},
  };
  Bun.connect({ hostname, port, socket: handler }).catch((error: unknown) => events.failed(failureOf(error)));
}

/** Codes of a host name that leads nowhere, of sockets and of fetch. */
export const notResolved = /^(ENOTFOUND|EAI_\w+)$/;

/** A connection that did not come about: the function was not reached. */
function failureOf(error: unknown): DispatchFailure {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return { failure: notResolved.test(code) ? "dns" : "refused", message };
}
