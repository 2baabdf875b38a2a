import { homedir } from "node:os";
import { join } from "node:path";
import {
  ConnectionTargetError,
  createReader,
  type DatabaseSettings,
  gather,
  type Reader,
} from "./read-values.ts";

/** One of the places to find the database at. */
export type Host = {
  /** Its name or address, or the folder of a socket. */
  readonly name: string;
  /** What to connect to, where that is not the name. */
  readonly address: string | undefined;
  readonly port: number;
};

const sslModes = ["disable", "allow", "prefer", "no-verify", "require", "verify-ca", "verify-full"] as const;
const bindings = ["disable", "prefer", "require"] as const;
const sessionKinds = ["any", "read-write", "read-only", "primary", "standby", "prefer-standby"] as const;
const tlsVersions = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"] as const;

/** How a connection is encrypted. Files are named here and read when it is opened, so that new certificates are found. */
export type TlsChoice = {
  readonly mode: (typeof sslModes)[number];
  /** `system`, or a file. */
  readonly rootFile: string | undefined;
  readonly certificateFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly keyPassword: string | undefined;
  readonly revokedFile: string | undefined;
  readonly namesHost: boolean;
  readonly isDirect: boolean;
  readonly lowest: (typeof tlsVersions)[number];
  readonly highest: (typeof tlsVersions)[number] | undefined;
};

/** A database to connect to: all that the settings say of it, understood. */
export type ConnectionTarget = {
  readonly hosts: readonly Host[];
  readonly isShuffled: boolean;
  readonly user: string;
  readonly database: string;
  readonly password: string | undefined;
  readonly passwordFile: string;
  readonly tls: TlsChoice;
  readonly channelBinding: (typeof bindings)[number];
  readonly acceptedAuth: AcceptedAuth;
  readonly sessionKind: (typeof sessionKinds)[number];
  readonly applicationName: string | undefined;
  readonly options: string | undefined;
  /** How long one host may take, where somebody said so. */
  readonly connectSeconds: number | undefined;
  /** Seconds of silence until a keepalive; 0 sends none. */
  readonly keepAliveSeconds: number;
  /** What is left out, each as `name (why)`. */
  readonly leftOut: readonly string[];
};

const authWays = ["password", "md5", "scram-sha-256", "none", "gss", "sspi", "oauth"] as const;
type AcceptedAuth = readonly (typeof authWays)[number][];

/**
 * Reads the settings of a connection as libpq does, where the URL says something before the variables.
 *
 * What differs from libpq: the host is `localhost` and the user `postgres` unless set, `verify-ca` and `verify-full` without a
 * file trust the system's CAs, and of several hosts the one that takes writes is used.
 *
 * @throws ConnectionTargetError with all faults at once.
 */
export function readTarget(settings: DatabaseSettings): ConnectionTarget {
  const given = gather(settings);
  const read = createReader(given);
  const target = understand(read);
  if (given.faults.length > 0) throw new ConnectionTargetError(given.faults);
  return { ...target, leftOut: given.leftOut };
}

function understand(read: Reader): Omit<ConnectionTarget, "leftOut"> {
  const hosts = hostsOf(read);
  const user = read.text("user") ?? "postgres";
  const seconds = read.seconds("connect_timeout") ?? 0;
  const gss = read.oneOf("gssencmode", ["disable", "prefer", "require"]);
  if (gss === "require") read.fault("gssencmode", "encryption by Kerberos cannot be honoured; use sslmode");
  return {
    hosts,
    isShuffled: read.oneOf("load_balance_hosts", ["disable", "random"]) === "random",
    user,
    // libpq's default is the user's name, ours without a URL has always been this.
    database: read.text("dbname") ?? (read.hasUrl ? user : "postgres"),
    password: read.text("password"),
    passwordFile: read.text("passfile") ?? join(homedir(), ".pgpass"),
    tls: tlsOf(read),
    channelBinding: read.oneOf("channel_binding", bindings) ?? "prefer",
    acceptedAuth: authOf(read),
    sessionKind:
      read.oneOf("target_session_attrs", sessionKinds) ?? (hosts.length > 1 ? "read-write" : "any"),
    applicationName: read.text("application_name") ?? read.text("fallback_application_name"),
    options: read.text("options"),
    connectSeconds: seconds > 0 ? seconds : undefined,
    keepAliveSeconds: read.text("keepalives") === "0" ? 0 : read.seconds("keepalives_idle") || 60,
  };
}

function hostsOf(read: Reader): Host[] {
  const names = read.text("host")?.split(",") ?? [];
  const addresses = read.text("hostaddr")?.split(",") ?? [];
  const ports = read.text("port")?.split(",") ?? [];
  const count = Math.max(names.length, addresses.length, 1);
  if (names.length > 0 && addresses.length > 0 && names.length !== addresses.length)
    read.fault("hostaddr", `expected one address for each of the ${names.length} hosts`);
  if (ports.length > 1 && ports.length !== count)
    read.fault("port", `expected one port, or one for each of the ${count} hosts`);
  return Array.from({ length: count }, (_, place) => {
    const address = bare(addresses[place]);
    const port = (ports.length > 1 ? ports[place] : ports[0])?.trim() || "5432";
    if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535)
      read.fault("port", "expected a whole number from 1 to 65535");
    return { name: bare(names[place]) ?? address ?? "localhost", address, port: Number(port) };
  });
}

/** A host as it is connected to: an IPv6 address without the brackets that it has in URLs. */
function bare(text: string | undefined): string | undefined {
  const trimmed = text?.trim().replace(/^\[(.*)\]$/, "$1");
  return trimmed === "" ? undefined : trimmed;
}

function authOf(read: Reader): AcceptedAuth {
  const words = read
    .text("require_auth")
    ?.split(",")
    .map((one) => one.trim());
  if (words === undefined) return authWays;
  const named = words.map((one) => one.replace(/^!/, ""));
  const excluded = words.filter((one) => one.startsWith("!")).length;
  const isKnown = named.every((one) => authWays.some((way) => way === one));
  if (!isKnown || (excluded > 0 && excluded < words.length))
    read.fault("require_auth", `expected some of ${authWays.join(", ")}, all or none of them behind a !`);
  return authWays.filter((way) => named.includes(way) === (excluded === 0));
}

/** What Prisma and others call what libpq calls sslmode; libpq itself takes `ssl=true`. */
function otherMode(read: Reader): TlsChoice["mode"] | undefined {
  const ssl = read.text("ssl");
  if (ssl !== undefined) {
    if (/^(true|1|on)$/.test(ssl)) return "require";
    if (/^(false|0|off)$/.test(ssl)) return "disable";
    return read.oneOf("ssl", sslModes);
  }
  if (read.oneOf("requiressl", ["0", "1"]) === "1") return "require";
  return undefined;
}

function modeOf(read: Reader): TlsChoice["mode"] {
  const strict = read.oneOf("sslaccept", ["strict", "accept_invalid_certs"]) === "strict";
  const said = read.oneOf("sslmode", sslModes) ?? otherMode(read);
  const root = read.text("sslrootcert");
  if (strict) return "verify-full";
  if (root !== "system") return said ?? "prefer";
  if (said !== undefined && said !== "verify-full")
    read.fault(
      "sslmode",
      "expected verify-full, as sslrootcert is system: anybody has a certificate of its CAs",
    );
  return "verify-full";
}

function tlsOf(read: Reader): TlsChoice {
  const mode = modeOf(read);
  const isDirect = read.oneOf("sslnegotiation", ["postgres", "direct"]) === "direct";
  if (isDirect && ["disable", "allow", "prefer"].includes(mode))
    read.fault("sslnegotiation", "expected sslmode to be require or stricter, for direct");
  const sends = read.oneOf("sslcertmode", ["disable", "allow"]) !== "disable";
  return {
    mode,
    rootFile: read.text("sslrootcert"),
    certificateFile: sends ? read.text("sslcert") : undefined,
    keyFile: sends ? read.text("sslkey") : undefined,
    keyPassword: read.text("sslpassword"),
    revokedFile: read.text("sslcrl"),
    namesHost: read.text("sslsni") !== "0",
    isDirect,
    lowest: read.oneOf("ssl_min_protocol_version", tlsVersions) ?? "TLSv1.2",
    highest: read.oneOf("ssl_max_protocol_version", tlsVersions),
  };
}
