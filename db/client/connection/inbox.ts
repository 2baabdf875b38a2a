import type { Socket } from "node:net";
import { ConnectionFault, ServerRefusal } from "./faults.ts";

/** One message of a server: its letter, and all its bytes. */
export type Message = { readonly type: string; readonly bytes: Uint8Array };

/** The messages that come over a socket, one by one. */
export type Inbox = {
  /** Gives the next one; throws what ends the socket, or the wait for it. */
  readonly next: () => Promise<Message>;
  /** Stops reading, and gives what was not read. */
  readonly letGo: () => Uint8Array;
};

/** Letters that a server begins its messages with before a session is ready, and while it is asked what it is. */
const letters = new Set("RESKZNvTDCA");

/** No message of a greeting comes near this, in bytes; what listens there may be no Postgres. */
const longest = 65_536;

/** Reads messages from a socket until it is let go. */
export function createInbox(socket: Socket, signal: AbortSignal): Inbox {
  let unread = Buffer.alloc(0);
  let ended: { readonly reason: unknown } | undefined;
  let wake = () => {};
  const onData = (chunk: Uint8Array) => {
    unread = Buffer.concat([unread, chunk]);
    wake();
  };
  const end = (reason: unknown) => {
    ended ??= { reason };
    wake();
  };
  const onClose = () => end(new ConnectionFault("CONNECTION_CLOSED", "the connection was closed at once"));
  const onAbort = () => end(signal.reason);
  socket.on("data", onData);
  socket.on("error", end);
  socket.on("close", onClose);
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) onAbort();

  const take = (): Message | undefined => {
    if (unread.length < 5) return undefined;
    const type = String.fromCharCode(unread[0] ?? 0);
    const length = unread.readUInt32BE(1) + 1;
    if (!letters.has(type) || length < 5 || length > longest)
      throw new ConnectionFault("CONNECTED_ELSEWHERE", "what answers there is no Postgres server", {
        remedy: "Check PGHOST and PGPORT, or DATABASE_URL.",
      });
    if (unread.length < length) return undefined;
    const bytes = unread.subarray(0, length);
    unread = unread.subarray(length);
    return { type, bytes };
  };

  return {
    next: async () => {
      for (;;) {
        const message = take();
        if (message !== undefined) return message;
        if (ended !== undefined) throw ended.reason;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    letGo: () => {
      socket.removeListener("data", onData);
      socket.removeListener("error", end);
      socket.removeListener("close", onClose);
      signal.removeEventListener("abort", onAbort);
      return unread;
    },
  };
}

/** Gives the texts of a message that consists of them. */
export function texts({ bytes }: Message): string[] {
  return Buffer.from(bytes).toString("utf8", 5).split("\0");
}

/** Gives the server's own error as one of ours, with its bytes. */
export function refusal(message: Message, { isEarly }: { readonly isEarly: boolean }): ServerRefusal {
  const fields = texts(message);
  const field = (key: string) => fields.find((text) => text.startsWith(key))?.slice(1);
  return new ServerRefusal({
    code: field("C") ?? "",
    message: field("M") ?? "it gave no reason",
    bytes: message.bytes,
    isEarly,
  });
}
