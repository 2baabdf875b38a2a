import { remember } from "../remember.ts";
import type { Message } from "./connection.ts";
import { breakOff, type Ended, type Exchange, longestCrossingMs, startExchange } from "./exchange.ts";
import { createIdleConnections } from "./idle-connections.ts";
import { type Target, targetOf, type Ways } from "./target.ts";

/** One POST, ready to be sent, once at a time. */
export type HttpRequest = {
  readonly url: string;
  /** ASCII without line breaks, which nothing here looks for: their length is taken for that of their bytes. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** Sends requests and reads what comes back. */
export type HttpClient = {
  /** Sends a request and resolves when it has ended; never rejects. `timeoutMs` counts until the answer's last byte. */
  readonly post: (request: HttpRequest, timeoutMs: number) => Promise<Ended>;
  /** Gives up this one request, where it is under way: it resolves to null, and its function sees the connection close. */
  readonly abort: (request: HttpRequest) => void;
  /** Gives up every request under way: each resolves to null, and its function sees the connection close. */
  readonly giveUp: () => void;
  /** Gives up everything and closes all connections. */
  readonly close: () => void;
};

/** What a client may be told. */
export type ClientOptions = Partial<Ways> & {
  /** How many connections may wait for their next request, over all hosts; as many as requests are under way, and 256 at least. */
  readonly mostIdle?: number;
  /** Asked when a connection has opened for a request, which may have taken a while: false gives the request up. */
  readonly maySend?: () => boolean;
  /** How soon, in ms, a kept connection closes that was closed already when the request left; exchange.ts says why 250. */
  readonly crossingMs?: number;
};

/**
 * Gives an HTTP/1.1 client for POSTs (RFC 9110, RFC 9112) by http and https, straight or by way of a proxy, with kept connections, one
 * request on each at a time.
 *
 * It does what dispatch needs and no more, and so takes less than half of the time of Bun's fetch: no redirects, no cookies, no
 * compression. And it knows, as fetch does not tell, whether anything of a request has been sent.
 *
 * A kept connection that closes at once, before the first byte of an answer, had most likely been closed when the request was
 * sent: the request is sent once more, on a new one. Any other loss is told as `lost`, and so is what cannot be sent once more: the
 * function may have died of it. Where no connection comes about in the first place the function was not reached: `refused` or `dns`.
 */
export function createHttpClient({
  proxies = () => null,
  ca,
  mostIdle = 0,
  maySend = () => true,
  crossingMs = longestCrossingMs,
}: ClientOptions = {}): HttpClient {
  const idle = createIdleConnections({ most: Math.max(leastIdle, mostIdle) });
  const knownTarget = remember(targetsLimit, (url) => targetOf(url, { proxies, ca }));
  const underWay = new Map<HttpRequest, Exchange>();
  const giveUp = () => {
    for (const exchange of underWay.values()) breakOff(exchange, null);
  };
  return {
    post: (request, timeoutMs) =>
      new Promise((resolve) => {
        const target = knownTarget(request.url);
        const exchange = startExchange({
          origin: target.origin,
          address: target.address,
          message: messageOf(target, request),
          idle,
          maySend,
          timeoutMs,
          crossingMs,
          onEnd: (outcome) => {
            underWay.delete(request);
            resolve(outcome);
          },
        });
        underWay.set(request, exchange);
      }),
    abort: (request) => {
      const exchange = underWay.get(request);
      if (exchange !== undefined) breakOff(exchange, null);
    },
    giveUp,
    close: () => {
      giveUp();
      idle.closeAll();
    },
  };
}

function messageOf(target: Target, { headers, body }: HttpRequest): Message {
  let head = target.head;
  for (const name in headers) head += `${name}: ${headers[name]}\r\n`;
  const bodyBytes = Buffer.byteLength(body);
  head += `Content-Length: ${bodyBytes}\r\n\r\n`;
  return { text: head + body, bytes: head.length + bodyBytes };
}

/** Room for the functions of a gateway with a host for each. */
const leastIdle = 256;

/** So many URLs are kept parsed; more only where tasks are named by their jobs. */
const targetsLimit = 1_000;
