import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { serialize } from "pg-protocol";
import { authenticate } from "./authenticate.ts";
import { ConnectionFault } from "./faults.ts";
import { createInbox, type Inbox, refusal, texts } from "./inbox.ts";
import type { Transport } from "./open-transport.ts";
import type { ConnectionTarget, Host } from "./read-target.ts";

/** What a server said when it took us in. */
export type Greeting = {
  /** Its messages, from "you are who you say" to "ready for a query". */
  readonly bytes: Uint8Array;
  /** Gives what came since then, and lets go of the socket's data. */
  readonly letGo: () => Uint8Array;
};

/** Whom to greet, and how long. */
export type GreetOptions = {
  readonly target: ConnectionTarget;
  readonly host: Host;
  readonly signal: AbortSignal;
};

/**
 * Proves to a server who we are, and hears what it says about itself.
 *
 * @throws ServerRefusal with what it said, or ConnectionFault where it is not what was asked for.
 */
export async function greet({ socket, isEncrypted }: Transport, options: GreetOptions): Promise<Greeting> {
  const { target, host, signal } = options;
  const inbox = createInbox(socket, signal);
  try {
    const accepted = await authenticate(inbox, {
      socket,
      target,
      host,
      // Over TLS, the proof may be tied to the server's certificate.
      certificate: isEncrypted ? (socket as TLSSocket) : undefined,
    });
    const { messages, state } = await hear(inbox);
    await checkKind(inbox, { socket, state, kind: target.sessionKind });
    return { bytes: Buffer.concat([accepted, ...messages]), letGo: inbox.letGo };
  } catch (error) {
    inbox.letGo();
    throw error;
  }
}

type State = { readonly isStandby: boolean | undefined; readonly isReadOnly: boolean | undefined };

async function hear(inbox: Inbox): Promise<{ readonly messages: Uint8Array[]; readonly state: State }> {
  const messages: Uint8Array[] = [];
  const told = new Map<string, string>();
  for (;;) {
    const message = await inbox.next();
    if (message.type === "E") throw refusal(message, { isEarly: false });
    if (message.type === "S") {
      const [name = "", value = ""] = texts(message);
      told.set(name, value);
    }
    messages.push(message.bytes);
    if (message.type !== "Z") continue;
    return {
      messages,
      state: {
        isStandby: isOn(told.get("in_hot_standby")),
        isReadOnly: isOn(told.get("default_transaction_read_only")),
      },
    };
  }
}

function isOn(value: string | undefined): boolean | undefined {
  return value === undefined ? undefined : value === "on";
}

type KindOptions = {
  readonly socket: Socket;
  readonly state: State;
  readonly kind: ConnectionTarget["sessionKind"];
};

/** Sees to it that a server is one of those asked for (target_session_attrs). Before Postgres 14, and behind a pooler, one has to ask. */
async function checkKind(inbox: Inbox, { socket, state, kind }: KindOptions): Promise<void> {
  if (kind === "any") return;
  const isTold = state.isStandby !== undefined && state.isReadOnly !== undefined;
  const { isStandby, isReadOnly } = isTold ? state : await askState(inbox, socket);
  const writes = isStandby !== true && isReadOnly !== true;
  const fits = {
    "read-write": writes,
    "read-only": !writes,
    primary: !isStandby,
    standby: isStandby,
    "prefer-standby": true,
  };
  if (fits[kind] === true) return;
  const found =
    isStandby === true ? "a standby" : isReadOnly === true ? "read-only" : "a server that takes writes";
  throw new ConnectionFault("CONNECTION_KIND", `it is ${found}, and target_session_attrs is ${kind}`, {
    remedy: "Name a server of that kind, or set PGTARGETSESSIONATTRS (target_session_attrs in DATABASE_URL).",
  });
}

async function askState(inbox: Inbox, socket: Socket): Promise<State> {
  const question = `select pg_catalog.pg_is_in_recovery()::text || ',' || pg_catalog.current_setting('transaction_read_only')`;
  socket.write(serialize.query(question));
  let answer = "";
  for (;;) {
    const message = await inbox.next();
    if (message.type === "E") throw refusal(message, { isEarly: false });
    if (message.type === "D") answer = Buffer.from(message.bytes).toString("utf8", 11);
    if (message.type === "Z")
      return { isStandby: answer.startsWith("true"), isReadOnly: answer.endsWith("on") };
  }
}
