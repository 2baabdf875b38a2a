import { existsSync, readFileSync } from "node:fs";
import { isIP, Socket } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import * as tls from "node:tls";
import { serialize } from "pg-protocol";
import { ConnectionFault } from "./faults.ts";
import type { Host, TlsChoice } from "./read-target.ts";

/** A way to a server over which nothing has been said yet. */
export type Transport = { readonly socket: Socket | tls.TLSSocket; readonly isEncrypted: boolean };

/** How to open it. */
export type TransportOptions = {
  readonly tls: TlsChoice;
  /** Whether to ask for TLS. */
  readonly encrypts: boolean;
  readonly keepAliveSeconds: number;
  /** Ends the attempt, for its reason. */
  readonly signal: AbortSignal;
};

/** Gives the folder's socket, or undefined where a host is none. An `@` begins a name in Linux's abstract namespace. */
export function socketPath({ name, address, port }: Host): string | undefined {
  if (address !== undefined || !/^[/@]/.test(name)) return undefined;
  return `${name.replace(/^@/, "\0")}/.s.PGSQL.${port}`;
}

/** Gives a host as errors name it. */
export function describeHost(host: Host): string {
  const path = socketPath(host)?.replace("\0", "@");
  return path ?? `${isIP(host.name) === 6 ? `[${host.name}]` : host.name}:${host.port}`;
}

/**
 * Connects to one host, and encrypts where that is asked. With `prefer`, a server that takes no TLS is gone on with in the clear.
 *
 * @throws ConnectionFault, the system's error, or the signal's reason.
 */
export async function openTransport(host: Host, options: TransportOptions): Promise<Transport> {
  const raw = new Socket();
  try {
    const path = socketPath(host);
    raw.connect(path === undefined ? { host: host.address ?? host.name, port: host.port } : { path });
    await happens(raw, "connect", options.signal);
    if (options.keepAliveSeconds > 0) raw.setKeepAlive(true, options.keepAliveSeconds * 1000);
    if (!options.encrypts) return { socket: raw, isEncrypted: false };
    if (!options.tls.isDirect && !(await takesTls(raw, options.signal))) {
      if (options.tls.mode === "prefer") return { socket: raw, isEncrypted: false };
      throw new ConnectionFault(
        "TLS_NOT_TAKEN",
        `the server takes no TLS, and sslmode is ${options.tls.mode}`,
        { remedy: "Turn TLS on in the server, or set PGSSLMODE (sslmode in DATABASE_URL) to prefer." },
      );
    }
    return { socket: await encrypt(raw, host, options), isEncrypted: true };
  } catch (error) {
    raw.destroy();
    throw error;
  }
}

/** Asks for TLS, as the protocol does it: one byte answers. More bytes may come from somebody in between. */
async function takesTls(socket: Socket, signal: AbortSignal): Promise<boolean> {
  socket.write(serialize.requestSsl());
  const answer = (await happens(socket, "data", signal)) as Uint8Array;
  if (answer.length === 1 && answer[0] === 0x53) return true;
  if (answer.length === 1 && answer[0] === 0x4e) return false;
  if (answer[0] === 0x45)
    throw new ConnectionFault("TLS_NOT_TAKEN", "the server does not know of TLS", { isOfTls: true });
  throw new ConnectionFault("TLS_ANSWER", "what answers there is no Postgres server", {
    remedy: "Check PGHOST and PGPORT, or DATABASE_URL.",
  });
}

async function encrypt(raw: Socket, host: Host, options: TransportOptions): Promise<tls.TLSSocket> {
  const { mode, isDirect } = options.tls;
  const chosen = tlsOptions(host, options.tls);
  raw.removeAllListeners();
  const socket = tls.connect({ ...chosen, socket: raw });
  try {
    await happens(socket, "secureConnect", options.signal);
    if (isDirect && socket.alpnProtocol !== "postgresql")
      throw new ConnectionFault("TLS_ANSWER", "the server does not begin with TLS (sslnegotiation=direct)", {
        remedy: "Leave sslnegotiation out; servers before Postgres 17 know one way.",
      });
    return socket;
  } catch (error) {
    socket.destroy();
    throw options.signal.aborted || error instanceof ConnectionFault ? error : tlsFault(error, mode);
  }
}

function tlsFault(error: unknown, mode: TlsChoice["mode"]): ConnectionFault {
  const { code = "", message } = error as NodeJS.ErrnoException;
  // A connection that ends in the handshake may be a server that restarts.
  const isLoss = /^E[A-Z]+$/.test(code) || code === "CONNECTION_CLOSED";
  return new ConnectionFault(
    isLoss ? code : "TLS_FAILED",
    `TLS with sslmode=${mode} failed: ${message.replace(/[.:\s]+$/, "")}`,
    {
      cause: error,
      isOfTls: true,
      remedy: tlsRemedy(code),
    },
  );
}

function tlsRemedy(code: string): string {
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return "Connect by a name that its certificate has, or set sslmode to verify-ca.";
  if (/SELF_SIGNED|ISSUER|UNABLE_TO_VERIFY|UNTRUSTED/.test(code))
    return "Set PGSSLROOTCERT (sslrootcert in DATABASE_URL) to a file with the certificate of the CA that signed the server's.";
  return "Check the server's certificate, and what PGSSL… or the ssl… of DATABASE_URL ask for.";
}

/** Gives what TLS to a host needs, with the files as they are now. */
export function tlsOptions({ name }: Host, choice: TlsChoice): tls.ConnectionOptions {
  const { mode, rootFile, revokedFile, keyPassword, lowest, highest } = choice;
  const roots = mode === "no-verify" ? undefined : (rootFile ?? existing("root.crt"));
  const isChecked = mode.startsWith("verify") || roots !== undefined;
  const certificate = choice.certificateFile ?? existing("postgresql.crt");
  const key = choice.keyFile ?? existing("postgresql.key");
  return {
    ...(choice.namesHost && isIP(name) === 0 ? { servername: name } : {}),
    ...(choice.isDirect ? { ALPNProtocols: ["postgresql"] } : {}),
    rejectUnauthorized: isChecked,
    checkServerIdentity: (_, certificate) =>
      mode === "verify-full" ? tls.checkServerIdentity(name, certificate) : undefined,
    minVersion: lowest,
    ...(highest === undefined ? {} : { maxVersion: highest }),
    ...(isChecked
      ? { ca: roots === undefined || roots === "system" ? systemRoots() : read(roots, "sslrootcert") }
      : {}),
    ...(revokedFile === undefined ? {} : { crl: read(revokedFile, "sslcrl") }),
    ...(certificate === undefined || key === undefined
      ? {}
      : {
          cert: read(certificate, "sslcert"),
          key: read(key, "sslkey"),
          ...(keyPassword && { passphrase: keyPassword }),
        }),
  };
}

/** The CAs of the runtime, of NODE_EXTRA_CA_CERTS and of the system, once a process: reading them takes a while. */
let rootsOfSystem: string[] | undefined;
function systemRoots(): string[] {
  rootsOfSystem ??= [...new Set([...tls.getCACertificates("default"), ...tls.getCACertificates("system")])];
  return rootsOfSystem;
}

/** libpq's own place for these files, where there is one. */
function existing(name: string): string | undefined {
  const file = join(homedir(), ".postgresql", name);
  return existsSync(file) ? file : undefined;
}

function read(file: string, parameter: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const { code = "unreadable" } = cause as NodeJS.ErrnoException;
    throw new ConnectionFault("TLS_FILE", `the file ${file} of ${parameter} cannot be read (${code})`, {
      cause,
      remedy: `Set PG${parameter.toUpperCase()} (${parameter} in DATABASE_URL) to a file that the process may read.`,
    });
  }
}

/** Gives what comes with an event, or throws what ends the socket before. */
function happens(socket: Socket | tls.TLSSocket, event: string, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      socket.removeListener(event, onEvent);
      socket.removeListener("close", onClose);
      signal.removeEventListener("abort", onAbort);
      act();
    };
    const onEvent = (value: unknown) => settle(() => resolve(value));
    const onClose = () =>
      settle(() => reject(new ConnectionFault("CONNECTION_CLOSED", "the connection was closed at once")));
    const onAbort = () => settle(() => reject(signal.reason));
    socket.once(event, onEvent);
    socket.once("close", onClose);
    // It stays: what goes wrong with a socket that is let go is nobody's.
    socket.on("error", (error) => settle(() => reject(error)));
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort);
  });
}
