import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { continueSession, finalizeSession, startSession } from "pg/lib/crypto/sasl.js";
import { postgresMd5PasswordHash } from "pg/lib/crypto/utils.js";
import { serialize } from "pg-protocol";
import { ConnectionFault } from "./faults.ts";
import { type Inbox, type Message, refusal } from "./inbox.ts";
import { passwordFor } from "./password-file.ts";
import type { ConnectionTarget, Host } from "./read-target.ts";

/** Who we are, and where. */
export type AuthenticateOptions = {
  readonly socket: Socket;
  readonly target: ConnectionTarget;
  readonly host: Host;
  /** The encrypted socket, where it is one: its certificate may bind the proof. */
  readonly certificate: TLSSocket | undefined;
};

/** More rounds of hashing than any server asks for; one that does wants us busy. */
const mostRounds = 10_000_000;

/**
 * Proves to the server who we are, in the way that it asks for, and gives the message in which it agrees.
 *
 * @throws ServerRefusal, or ConnectionFault where we lack what it asks for, or do not accept its way.
 */
export async function authenticate(inbox: Inbox, options: AuthenticateOptions): Promise<Uint8Array> {
  const { socket, target, certificate } = options;
  const { channelBinding } = target;
  const state: { way: ConnectionTarget["acceptedAuth"][number]; isBound: boolean } = {
    way: "none",
    isBound: false,
  };
  for (;;) {
    const message = await next(inbox);
    const { kind, body } = readRequest(message);
    if (kind === 0) {
      accept(target, state.way);
      if (channelBinding === "require" && !state.isBound) throw unbound();
      return message.bytes;
    }
    state.way = wayOf(kind);
    accept(target, state.way);
    if (channelBinding === "require" && state.way !== "scram-sha-256") throw unbound();
    const password = needed(await passwordFor(target, options.host));
    if (kind === cleartext) socket.write(serialize.password(password));
    else if (kind === md5)
      socket.write(
        serialize.password(await postgresMd5PasswordHash(target.user, password, body.subarray(0, 4))),
      );
    else {
      const binding = channelBinding === "disable" ? undefined : certificate;
      state.isBound = await prove(inbox, {
        socket,
        password,
        binding,
        offered: body,
        isBound: channelBinding === "require",
      });
    }
  }
}

const cleartext = 3;
const md5 = 5;
const sasl = 10;
const saslContinue = 11;
const saslFinal = 12;

/** Gives the server's next message but for its notices. */
async function next(inbox: Inbox): Promise<Message> {
  for (;;) {
    const message = await inbox.next();
    if (message.type === "E") throw refusal(message, { isEarly: true });
    if (message.type === "R") return message;
  }
}

function readRequest({ bytes }: Message): { readonly kind: number; readonly body: Buffer } {
  const view = Buffer.from(bytes);
  return { kind: view.readUInt32BE(5), body: view.subarray(9) };
}

function wayOf(kind: number): ConnectionTarget["acceptedAuth"][number] {
  if (kind === cleartext) return "password";
  if (kind === md5) return "md5";
  if (kind === sasl) return "scram-sha-256";
  const name = { 2: "Kerberos 5", 7: "GSSAPI", 9: "SSPI" }[kind] ?? `method ${kind}`;
  throw new ConnectionFault(
    "AUTH_UNKNOWN",
    `the server asks for authentication by ${name}, which is not done here`,
    {
      remedy: "Let the role in by scram-sha-256, md5, a password or a certificate (pg_hba.conf).",
    },
  );
}

function accept({ acceptedAuth }: ConnectionTarget, way: ConnectionTarget["acceptedAuth"][number]): void {
  if (acceptedAuth.includes(way)) return;
  const asks = way === "none" ? "no authentication" : `authentication by ${way}`;
  throw new ConnectionFault(
    "AUTH_NOT_ACCEPTED",
    `the server asks for ${asks}, which require_auth does not accept`,
    {
      remedy:
        "Change what the server asks for (pg_hba.conf), or PGREQUIREAUTH (require_auth in DATABASE_URL).",
    },
  );
}

function unbound(): ConnectionFault {
  return new ConnectionFault(
    "AUTH_UNBOUND",
    "channel_binding is require, and the server does not bind its authentication to TLS",
    {
      remedy:
        "Use TLS and scram-sha-256, or set PGCHANNELBINDING (channel_binding in DATABASE_URL) to prefer.",
    },
  );
}

function needed(password: string | undefined): string {
  if (password !== undefined) return password;
  throw new ConnectionFault("28P01", "the server asks for a password, and none is set");
}

type ProofOptions = {
  readonly socket: Socket;
  readonly password: string;
  /** The socket whose certificate the proof may be bound to. */
  readonly binding: TLSSocket | undefined;
  readonly offered: Buffer;
  readonly isBound: boolean;
};

/** Goes through SCRAM, in which the server proves that it knows the password too; tells whether that was bound to TLS. */
async function prove(
  inbox: Inbox,
  { socket, password, binding, offered, isBound }: ProofOptions,
): Promise<boolean> {
  const mechanisms = offered.toString("utf8").split("\0").filter(Boolean);
  const session = sound(() => startSession(mechanisms, binding, mostRounds));
  if (isBound && session.mechanism !== "SCRAM-SHA-256-PLUS") throw unbound();
  socket.write(serialize.sendSASLInitialResponseMessage(session.mechanism, session.response));
  const first = expected(await next(inbox), saslContinue);
  await continueSession(session, password, first, binding).catch(unsound);
  socket.write(serialize.sendSCRAMClientFinalMessage(session.response));
  const last = expected(await next(inbox), saslFinal);
  sound(() => finalizeSession(session, last));
  return session.mechanism === "SCRAM-SHA-256-PLUS";
}

function expected(message: Message, kind: number): string {
  const request = readRequest(message);
  if (request.kind === kind) return request.body.toString("utf8");
  return unsound(new Error("SASL: another message was expected"));
}

function sound<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    return unsound(error);
  }
}

/** What goes wrong in the exchange may be a server that only pretends to know the password. */
function unsound(error: unknown): never {
  const reason = error instanceof Error ? error.message.replace(/^SASL: /, "") : String(error);
  throw new ConnectionFault("AUTH_FAILED", `the authentication failed (${reason})`, {
    cause: error,
    remedy: "Check that PGHOST, or DATABASE_URL, leads to the server that it should.",
  });
}
