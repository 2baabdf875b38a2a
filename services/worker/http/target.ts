import { isIP } from "node:net";
import { userAgent } from "#protocol/headers";
import type { Address, Tls } from "./connection.ts";
import type { Proxies } from "./proxies.ts";

/** What a URL means for a request. */
export type Target = {
  /** Connections of one origin may be used for each other's requests. */
  readonly origin: string;
  readonly address: Address;
  /** The first lines of the request, up to the headers that are its own. */
  readonly head: string;
};

/** How hosts are reached. */
export type Ways = {
  readonly proxies: Proxies;
  /** CAs that are trusted in place of the system's and NODE_EXTRA_CA_CERTS, as PEM. */
  readonly ca?: string | undefined;
};

/** Gives what a URL means for a request: straight to its host, or by way of its proxy. */
export function targetOf(url: string, { proxies, ca }: Ways): Target {
  const parsed = new URL(url);
  const { host, pathname, search } = parsed;
  const isSecure = parsed.protocol === "https:";
  const proxy = proxies(parsed);
  // A proxy is asked for the whole URL, and where that is https, for a tunnel through which it is asked for as without one.
  const isForwarded = proxy !== null && !isSecure;
  const head = [
    `POST ${isForwarded ? `http://${host}` : ""}${pathname}${search} HTTP/1.1`,
    `Host: ${host}`,
    `User-Agent: ${userAgent}`,
    "Accept: */*",
    ...credentialLine("Authorization", parsed),
    ...(isForwarded ? credentialLine("Proxy-Authorization", proxy) : []),
  ];
  return {
    origin: isForwarded ? `by way of ${proxy.origin}` : parsed.origin,
    address: {
      hostname: hostOf(proxy ?? parsed),
      port: portOf(proxy ?? parsed),
      tls: (proxy ?? parsed).protocol === "https:" ? tlsTo(proxy ?? parsed, ca) : null,
      isProxy: proxy !== null,
      tunnel: proxy !== null && isSecure ? { head: tunnelHead(parsed, proxy), tls: tlsTo(parsed, ca) } : null,
    },
    head: `${head.join("\r\n")}\r\n`,
  };
}

function tunnelHead(url: URL, proxy: URL): string {
  const end = `${url.hostname}:${portOf(url)}`;
  const lines = [
    `CONNECT ${end} HTTP/1.1`,
    `Host: ${end}`,
    `User-Agent: ${userAgent}`,
    ...credentialLine("Proxy-Authorization", proxy),
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** An address is no server name (RFC 6066 §3). */
function tlsTo(url: URL, ca: string | undefined): Tls {
  const hostname = hostOf(url);
  return {
    ...(isIP(hostname) === 0 ? { serverName: hostname } : {}),
    ...(ca === undefined ? {} : { ca }),
  };
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}

function portOf({ port, protocol }: URL): number {
  if (port !== "") return Number(port);
  return protocol === "https:" ? 443 : 80;
}

/** Gives the header that carries a URL's user name and password, where it has them (RFC 7617). */
function credentialLine(name: string, { username, password }: URL): string[] {
  if (username === "" && password === "") return [];
  const credentials = Buffer.from(`${decoded(username)}:${decoded(password)}`).toString("base64");
  return [`${name}: Basic ${credentials}`];
}

/** A lone % stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
