import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { ConnectionFault, ServerRefusal } from "./faults.ts";
import { openSession, type Session, type SessionOptions } from "./open-session.ts";
import type { ConnectionTarget } from "./read-target.ts";

/** What postgres.js takes its connections from. */
export type SocketOffer = {
  /** Gives the socket of a session that is open, or one that fails with the reason why there is none. */
  readonly open: () => Promise<Duplex>;
  /** Gives up what is still being opened. */
  readonly close: () => void;
};

/**
 * Opens sessions and hands them to postgres.js, which takes a socket and greets the server itself: its greeting is kept from the
 * server, and what that answered to ours is the answer.
 */
export function offerSockets(target: ConnectionTarget, options: Omit<SessionOptions, "signal">): SocketOffer {
  const closing = new AbortController();
  return {
    // It must not reject: postgres.js 3.4.9 would count the connection as one that is being opened, for ever.
    open: async () => {
      try {
        return handOver(await openSession(target, { ...options, signal: closing.signal }));
      } catch (error) {
        return failing(error);
      }
    },
    close: () => closing.abort(new ConnectionFault("CONNECTION_ENDED", "the pool was ended")),
  };
}

/** First bytes of what postgres.js may write to a new socket, behind the length. */
const protocolVersion = 196_608;
const cancelRequest = 80_877_102;

function handOver({ socket, greeting }: Session): Socket {
  socket.write = ((chunk: Uint8Array, ...rest: never[]) => {
    Reflect.deleteProperty(socket, "write");
    const code = chunk.length >= 8 ? Buffer.from(chunk).readUInt32BE(4) : 0;
    if (code === protocolVersion) {
      // Not before it has done with writing: it would throw away what it writes meanwhile.
      queueMicrotask(() => {
        const later = greeting.letGo();
        socket.emit("data", Buffer.concat([withState(greeting.bytes), later]));
        if (socket.destroyed) socket.emit("close", false);
      });
      return true;
    }
    // A session is no place to cancel another's statement.
    if (code === cancelRequest) return socket.destroy();
    return socket.write(chunk, ...rest);
  }) as Socket["write"];
  return socket;
}

/** Adds the state that postgres.js would ask for: which server it is was looked at before (target_session_attrs). */
function withState(greeting: Uint8Array): Buffer {
  const ready = greeting.length - 6;
  const state = ["in_hot_standby", "default_transaction_read_only"].map((name) => {
    const text = Buffer.from(`${name}\0off\0`);
    const head = Buffer.alloc(5);
    head.write("S");
    head.writeUInt32BE(text.length + 4, 1);
    return Buffer.concat([head, text]);
  });
  return Buffer.concat([greeting.subarray(0, ready), ...state, greeting.subarray(ready)]);
}

/** A socket that fails as soon as it is written to. What the server said is told by postgres.js, as an error of its own. */
function failing(error: unknown): Duplex {
  const reason = error instanceof Error ? error : new Error(String(error));
  const end = (socket: Duplex) => {
    if (socket.destroyed) return;
    if (reason instanceof ServerRefusal) socket.emit("data", Buffer.from(reason.bytes));
    socket.destroy(reason instanceof ServerRefusal ? undefined : reason);
  };
  const socket = new Duplex({
    read: () => {},
    write: (_chunk, _encoding, done) => {
      done();
      queueMicrotask(() => end(socket));
    },
  });
  // Where the pool is ended meanwhile, nothing is written.
  setTimeout(end, 100, socket);
  return socket;
}
