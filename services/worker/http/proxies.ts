import { BlockList, isIP } from "node:net";

/** Where requests go first, by what the settings say. */
export type ProxySettings = {
  /** For http:// URLs. */
  readonly HTTP_PROXY?: string | undefined;
  /** For https:// URLs. */
  readonly HTTPS_PROXY?: string | undefined;
  /** Hosts that are reached without one. */
  readonly NO_PROXY?: string | undefined;
};

/** Gives the proxy of a URL, or null where it is reached without one. */
export type Proxies = (url: URL) => URL | null;

/** Gives a proxy's URL; what names no scheme is spoken to by http. */
export function proxyUrl(text: string): URL {
  return new URL(/^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`);
}

/** Gives what knows the proxy of each URL. */
export function createProxies(settings: ProxySettings): Proxies {
  const [forHttp, forHttps] = [settings.HTTP_PROXY, settings.HTTPS_PROXY].map((text) =>
    text === undefined ? null : proxyUrl(text),
  );
  const isDirect = readNoProxy(settings.NO_PROXY ?? "");
  return (url) => {
    const proxy = (url.protocol === "https:" ? forHttps : forHttp) ?? null;
    return proxy === null || isDirect(url) ? null : proxy;
  };
}

/**
 * Reads NO_PROXY as curl does: `*` is everything; `example.com` that host and those below it, with a dot or `*.` before it too; an address,
 * or a network such as `10.0.0.0/8`; each with `:PORT` for that port alone.
 */
function readNoProxy(text: string): (url: URL) => boolean {
  const entries = text
    .split(/[\s,]+/)
    .filter((entry) => entry !== "")
    .map(readEntry);
  return (url) => {
    const host = url.hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
    const port = url.port === "" ? { "http:": "80", "https:": "443" }[url.protocol] : url.port;
    return entries.some((entry) => entry.fits(host) && (entry.port === undefined || entry.port === port));
  };
}

type Entry = { readonly fits: (host: string) => boolean; readonly port: string | undefined };

function readEntry(text: string): Entry {
  if (text === "*") return { fits: () => true, port: undefined };
  const [, bracketed, plain = "", port] = /^(?:\[([^\]]*)\]|(.*?))(?::(\d+))?$/.exec(text) ?? [];
  const name = bracketed ?? plain;
  // An IPv6 address without brackets ends in what looks like a port.
  if (isIP(text) !== 0 || text.includes("/")) return { fits: inNetwork(text), port: undefined };
  if (isIP(name) !== 0) return { fits: inNetwork(name), port };
  const domain = name
    .toLowerCase()
    .replace(/^(?:\*?\.)+/, "")
    .replace(/\.$/, "");
  return { fits: (host) => host === domain || host.endsWith(`.${domain}`), port };
}

/** Gives whether a host is an address of this network; one that cannot be read holds none. */
function inNetwork(text: string): (host: string) => boolean {
  const [address = "", bits] = text.split("/");
  const family = isIP(address);
  const most = family === 6 ? 128 : 32;
  const length = bits === undefined ? most : Number(bits);
  if (family === 0 || !Number.isInteger(length) || length < 0 || length > most) return () => false;
  const network = new BlockList();
  network.addSubnet(address, length, family === 6 ? "ipv6" : "ipv4");
  return (host) => isIP(host) === family && network.check(host, family === 6 ? "ipv6" : "ipv4");
}
