import type { DispatchFailure } from "#protocol/outcome";
import { answerLimitBytes } from "./answer-reader.ts";
import { notResolved } from "./connection.ts";
import type { Ended } from "./exchange.ts";
import { type ClientOptions, createHttpClient, type HttpClient, type HttpRequest } from "./http-client.ts";
import { readBounded } from "./read-bounded.ts";

/** How requests are sent. */
export type PosterOptions = ClientOptions & {
  /** Whether HTTP_PROXY stands between. */
  readonly usesProxy: boolean;
};

/**
 * Gives a client for every http and https URL: our own for plain http, Bun's fetch for https, for URLs with a password, and
 * for everything where a proxy stands between (`usesProxy`: fetch reads HTTP_PROXY and NO_PROXY itself).
 */
export function createPoster({ usesProxy, ...options }: PosterOptions): HttpClient {
  const plain = createHttpClient(options);
  const byFetch = createFetchClient(usesProxy);
  const isPlain = (url: string) => !usesProxy && /^http:\/\/[^/?#@]*(?:[/?#]|$)/i.test(url);
  return {
    post: (request, timeoutMs) => (isPlain(request.url) ? plain : byFetch).post(request, timeoutMs),
    abort: (request) => (isPlain(request.url) ? plain : byFetch).abort(request),
    giveUp: () => {
      plain.giveUp();
      byFetch.giveUp();
    },
    close: () => {
      plain.close();
      byFetch.close();
    },
  };
}

function createFetchClient(usesProxy: boolean): HttpClient {
  const underWay = new Map<HttpRequest, AbortController>();
  const giveUp = () => {
    for (const controller of underWay.values()) controller.abort();
    underWay.clear();
  };
  return {
    post: async (request, timeoutMs) => {
      const controller = new AbortController();
      underWay.set(request, controller);
      // Not AbortSignal.timeout, whose timer lives on after the answer: at thousands of requests a second a leak (Bun 1.4.5).
      let hasExpired = false;
      const timer = setTimeout(() => {
        hasExpired = true;
        controller.abort();
      }, timeoutMs);
      const ended = await fetchAnswer(request, controller.signal).catch((error: unknown) =>
        failureOf(error, usesProxy && /^http:/i.test(request.url)),
      );
      clearTimeout(timer);
      underWay.delete(request);
      if (hasExpired) return { failure: "timeout", message: "" };
      return controller.signal.aborted ? null : ended;
    },
    abort: (request) => underWay.get(request)?.abort(),
    giveUp,
    close: giveUp,
  };
}

async function fetchAnswer(
  { url, headers, body }: HttpRequest,
  signal: AbortSignal,
): Promise<NonNullable<Ended>> {
  const response = await fetch(url, { method: "POST", headers, body, redirect: "manual", signal });
  const text = await readBounded(response, answerLimitBytes);
  return { status: response.status, headers: response.headers, body: text };
}

// Codes of Bun's fetch, seen: connection refused ECONNREFUSED, unknown host ENOTFOUND, closed or reset ECONNRESET.
const neverReached = /^(ECONNREFUSED|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN)$|CERT|TLS/;

function failureOf(error: unknown, usesProxy: boolean): DispatchFailure {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const reason = error instanceof Error ? error.message : String(error);
  const message = usesProxy ? `${reason} (with HTTP_PROXY set: it may be the proxy)` : reason;
  if (notResolved.test(code)) return { failure: "dns", message };
  return { failure: neverReached.test(code) ? "refused" : "lost", message };
}
