import type { Socket } from "node:net";
import { serialize } from "pg-protocol";
import { isTransient } from "../is-transient.ts";
import { ConnectionFault, ServerRefusal } from "./faults.ts";
import { type Greeting, greet } from "./greet.ts";
import { describeHost, openTransport, socketPath, type Transport } from "./open-transport.ts";
import type { ConnectionTarget, Host } from "./read-target.ts";

/** A session of a server that has taken us in. */
export type Session = {
  readonly socket: Socket;
  /** Where it is, and whether it is encrypted. */
  readonly host: Host;
  readonly isEncrypted: boolean;
  readonly greeting: Greeting;
};

/** How to open a session. */
export type SessionOptions = {
  /** Settings of the server for it. */
  readonly parameters: Readonly<Record<string, string>>;
  /** How long all hosts together may take, in seconds, where the settings do not say how long one may. */
  readonly withinSeconds: number;
  readonly signal: AbortSignal;
};

/**
 * Opens a session as libpq does: host by host, with the encryption that sslmode asks for, and another one where that may help.
 *
 * @throws ServerRefusal where the server said why, ConnectionFault or the system's error else.
 */
export async function openSession(target: ConnectionTarget, options: SessionOptions): Promise<Session> {
  const faults: { readonly host: Host; readonly error: unknown }[] = [];
  for (const kind of kindsOf(target)) {
    for (const host of target.isShuffled ? shuffled(target.hosts) : target.hosts) {
      try {
        return await openAt(host, { ...target, sessionKind: kind }, options);
      } catch (error) {
        if (options.signal.aborted) throw options.signal.reason;
        faults.push({ host, error });
        // As libpq: one that does not take us in for who we are ends it, one that has no time or is not there does not.
        if (error instanceof ServerRefusal && !isTransient(error)) throw error;
      }
    }
  }
  throw together(faults);
}

/** `prefer-standby` looks for a standby, and then takes any. */
function kindsOf({ sessionKind }: ConnectionTarget): readonly ConnectionTarget["sessionKind"][] {
  return sessionKind === "prefer-standby" ? ["standby", "any"] : [sessionKind];
}

function shuffled(hosts: readonly Host[]): readonly Host[] {
  return hosts
    .map((host) => ({ host, place: Math.random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ host }) => host);
}

/** One error for all: the only one as it is, several with what each host said. One that may pass makes the whole such. */
function together(faults: readonly { readonly host: Host; readonly error: unknown }[]): unknown {
  const [first] = faults;
  if (first === undefined || faults.length === 1) return first?.error;
  const leading = faults.find(({ error }) => isTransient(error)) ?? first;
  const { code = "CONNECTION_FAILED", remedy } = leading.error as Partial<ConnectionFault>;
  const told = faults.map(({ host, error }) => `${describeHost(host)}: ${reasonOf(error)}`);
  return new ConnectionFault(code, `none of the hosts serves: ${[...new Set(told)].join("; ")}`, {
    cause: leading.error,
    ...(remedy === undefined ? {} : { remedy }),
  });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || ("code" in error ? String(error.code) : error.name);
}

/** Tries one host within its time, by one encryption after the other. */
async function openAt(host: Host, target: ConnectionTarget, options: SessionOptions): Promise<Session> {
  const seconds = target.connectSeconds ?? options.withinSeconds / target.hosts.length;
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(timeout(host)), seconds * 1000);
  const signal = AbortSignal.any([options.signal, over.signal]);
  const [first, second] = encryptions(host, target);
  try {
    try {
      return await attempt(host, target, { ...options, signal, encrypts: first });
    } catch (error) {
      if (second === undefined || signal.aborted || !mayHelp(error)) throw error;
      return await attempt(host, target, { ...options, signal, encrypts: second }).catch((again: unknown) => {
        // What the server said over TLS tells most: without, it often says no more than that it wants TLS.
        throw first && error instanceof ServerRefusal ? error : again;
      });
    }
  } finally {
    clearTimeout(timer);
  }
}

function timeout(host: Host): ConnectionFault {
  return new ConnectionFault("CONNECT_TIMEOUT", `write CONNECT_TIMEOUT ${describeHost(host)}`);
}

/** Whether to encrypt at first, and whether after that where it failed. A socket of this machine is never encrypted. */
function encryptions(host: Host, { tls }: ConnectionTarget): readonly [boolean, boolean?] {
  if (socketPath(host) !== undefined || tls.mode === "disable") return [false];
  if (tls.mode === "allow") return [false, true];
  return tls.mode === "prefer" ? [true, false] : [true];
}

/** Tells whether another encryption may be treated otherwise: the server did not know us by this one, or TLS itself failed. */
function mayHelp(error: unknown): boolean {
  if (error instanceof ServerRefusal) return error.isEarly;
  return error instanceof ConnectionFault && error.isOfTls;
}

type AttemptOptions = SessionOptions & { readonly encrypts: boolean };

async function attempt(host: Host, target: ConnectionTarget, options: AttemptOptions): Promise<Session> {
  const { encrypts, signal, parameters } = options;
  const { tls, keepAliveSeconds } = target;
  const transport = await openTransport(host, { tls, encrypts, keepAliveSeconds, signal });
  try {
    transport.socket.write(serialize.startup(startup(target, parameters)));
    const greeting = await greet(transport, { target, host, signal });
    return { socket: transport.socket, host, isEncrypted: transport.isEncrypted, greeting };
  } catch (error) {
    close(transport);
    throw error;
  }
}

function close({ socket }: Transport): void {
  socket.on("error", () => {});
  socket.destroy();
}

function startup(target: ConnectionTarget, parameters: SessionOptions["parameters"]): Record<string, string> {
  const { user, database, applicationName, options } = target;
  return {
    user,
    database,
    ...parameters,
    ...(applicationName === undefined ? {} : { application_name: applicationName }),
    ...(options === undefined ? {} : { options }),
  };
}
