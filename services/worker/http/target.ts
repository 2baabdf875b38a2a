import { isIP } from "node:net";
import { userAgent } from "#protocol/headers";
import type { Address } from "./connection.ts";
import type { Proxies } from "./proxies.ts";

/** What a URL means for a request. */
export type Target = {
  /** Connections of one origin may be used for each other's requests. */
  readonly origin: string;
  readonly address: Address;
  /** The first lines of the request, up to the headers that are its own. */
  readonly head: string;
};

/** Gives what a URL means for a request: straight to its host, or by way of its proxy. */
export function targetOf(url: string, proxies: Proxies): Target {
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
    origin: `${isForwarded ? `${proxy.origin} for http` : parsed.origin}`,
    address: {
      ...endOf(proxy ?? parsed),
      tunnel: proxy !== null && isSecure ? tunnelTo(parsed, proxy) : null,
    },
    head: `${head.join("\r\n")}\r\n`,
  };
}

function endOf(url: URL): Omit<Address, "tunnel"> {
  const isSecure = url.protocol === "https:";
  const hostname = hostOf(url);
  return { hostname, port: portOf(url), tls: isSecure ? tlsTo(hostname) : null };
}

function tunnelTo(url: URL, proxy: URL): Address["tunnel"] {
  const end = `${url.hostname}:${portOf(url)}`;
  const lines = [
    `CONNECT ${end} HTTP/1.1`,
    `Host: ${end}`,
    `User-Agent: ${userAgent}`,
    ...credentialLine("Proxy-Authorization", proxy),
  ];
  return { head: `${lines.join("\r\n")}\r\n\r\n`, tls: tlsTo(hostOf(url)) };
}

/** Whom the certificate has to name. An address is no server name (RFC 6066 §3), but what connecting has by itself. */
function tlsTo(hostname: string): { readonly serverName?: string } {
  return isIP(hostname) === 0 ? { serverName: hostname } : {};
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
