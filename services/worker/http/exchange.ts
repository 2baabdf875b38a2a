import type { DispatchFailure, DispatchResponse } from "#protocol/outcome";
import { type Answer, createAnswerReader } from "./answer-reader.ts";
import { type Address, type Connection, type Message, openConnection } from "./connection.ts";
import type { IdleConnections } from "./idle-connections.ts";

/** What a request ended with; null where it was given up. */
export type Ended = DispatchResponse | DispatchFailure | null;

/** A request to be sent, and what it needs. */
export type ExchangeOptions = {
  /** Where connections to this address are kept. */
  readonly origin: string;
  readonly address: Address;
  readonly message: Message;
  readonly idle: IdleConnections;
  /** Asked when a connection has opened for it. */
  readonly maySend: () => boolean;
  /** Until the answer's last byte. */
  readonly timeoutMs: number;
  /** How soon a kept connection closes that was closed already when the request left. */
  readonly crossingMs: number;
  /** Called once. */
  readonly onEnd: (ended: Ended) => void;
};

/** One request under way. */
export type Exchange = {
  readonly options: ExchangeOptions;
  readonly startedAt: number;
  timer: ReturnType<typeof setTimeout> | undefined;
  connection: Connection | null;
  /** Gives up the connection that is being opened. */
  abandon: (() => void) | null;
  /** How often it was sent: twice where the first connection was closed as the request left. */
  sends: number;
  hasEnded: boolean;
};

/** How long connecting may take, in ms: a proxy that starts a function takes the connection at once and lets it wait. */
const connectMs = 10_000;

/**
 * A server that closed an idle connection just before a request came is heard of within one way through the network, a sixth of a
 * second to the other side of the earth. Later than this, in ms, the request has most likely arrived.
 */
export const longestCrossingMs = 250;

/** Too Early (RFC 8470 §5.2): what a function of the kit answers to a signature that it has seen. */
const seenBefore = 425;

/** Proxy Authentication Required (RFC 9110 §15.5.8): nobody but a proxy says it, before it passes anything on. */
const proxyPassword = 407;

/** Sends a request, over a kept connection where there is one. */
export function startExchange(options: ExchangeOptions): Exchange {
  const { idle, origin, timeoutMs } = options;
  const exchange: Exchange = {
    options,
    startedAt: performance.now(),
    timer: undefined,
    connection: null,
    abandon: null,
    sends: 0,
    hasEnded: false,
  };
  const kept = idle.take(origin);
  setTimer(exchange, kept === undefined ? Math.min(timeoutMs, connectMs) : timeoutMs);
  if (kept === undefined) connect(exchange);
  else send(exchange, { connection: kept, isKept: true });
  return exchange;
}

/** Ends a request whose connection is of no further use. */
export function breakOff(exchange: Exchange, ended: Ended): void {
  exchange.connection?.close();
  exchange.abandon?.();
  end(exchange, ended);
}

function end(exchange: Exchange, ended: Ended): void {
  if (exchange.hasEnded) return;
  exchange.hasEnded = true;
  clearTimeout(exchange.timer);
  exchange.options.onEnd(ended);
}

function setTimer(exchange: Exchange, untilMs: number): void {
  clearTimeout(exchange.timer);
  const ms = exchange.startedAt + untilMs - performance.now();
  exchange.timer = setTimeout(expire, Math.max(1, Math.ceil(ms)), exchange);
}

function expire(exchange: Exchange): void {
  const never = "no connection came about in time";
  if (exchange.connection !== null) breakOff(exchange, { failure: "timeout", message: "" });
  else breakOff(exchange, exchange.sends > 0 ? lost(never) : { failure: "refused", message: never });
}

function connect(exchange: Exchange): void {
  exchange.connection = null;
  exchange.abandon = openConnection(exchange.options.address, {
    opened: (connection) => {
      exchange.abandon = null;
      const maySend = exchange.options.maySend();
      if (exchange.hasEnded || !maySend) {
        connection.close();
        return end(exchange, null);
      }
      if (exchange.options.timeoutMs > connectMs) setTimer(exchange, exchange.options.timeoutMs);
      send(exchange, { connection, isKept: false });
    },
    failed: (failure) => end(exchange, exchange.sends > 0 ? lost(failure.message) : failure),
  });
}

type Way = { readonly connection: Connection; readonly isKept: boolean };

function send(exchange: Exchange, { connection, isKept }: Way): void {
  const reader = createAnswerReader();
  exchange.connection = connection;
  exchange.sends += 1;
  connection.send(exchange.options.message, {
    onBytes: (chunk) => {
      try {
        const answer = reader.push(chunk);
        if (answer !== null) answered(exchange, { connection, answer });
      } catch (error) {
        breakOff(exchange, lost(error instanceof Error ? error.message : String(error)));
      }
    },
    onClosed: (fault) => {
      const answer = fault === null ? reader.close() : null;
      if (answer !== null) end(exchange, meantBy(exchange, answer.response));
      else if (isKept && !reader.hasBegun() && mayHaveCrossed(exchange)) {
        setTimer(exchange, Math.min(exchange.options.timeoutMs, connectMs));
        connect(exchange);
      } else end(exchange, lost(fault ?? "it closed the connection"));
    },
  });
}

function mayHaveCrossed({ startedAt, options }: Exchange): boolean {
  return performance.now() - startedAt < options.crossingMs;
}

/** The function may have had the request, so that the attempt counts. */
function lost(message: string): DispatchFailure {
  return { failure: "lost", message };
}

type Got = { readonly connection: Connection; readonly answer: Answer };

function answered(exchange: Exchange, { connection, answer }: Got): void {
  const { idle, origin } = exchange.options;
  const wasSentWhole = connection.rest();
  if (answer.mayReuse && wasSentWhole) idle.keep(origin, connection, answer.keepAliveSeconds);
  else connection.close();
  end(exchange, meantBy(exchange, answer.response));
}

/** Gives what an answer means that is not the function's: to a request that was sent twice, or of a proxy that has not passed it on. */
function meantBy({ sends, options }: Exchange, response: DispatchResponse): Ended {
  if (sends > 1 && response.status === seenBefore)
    return lost("it closed the connection, and had the request already");
  const { isProxy, hostname, port } = options.address;
  if (isProxy && response.status === proxyPassword)
    return { failure: "refused", message: `the proxy ${hostname}:${port} wants a password (HTTP 407)` };
  return response;
}
