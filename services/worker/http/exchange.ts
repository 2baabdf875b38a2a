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
  /** Called once. */
  readonly onEnd: (ended: Ended) => void;
};

/** One request under way. */
export type Exchange = {
  readonly options: ExchangeOptions;
  readonly startedAt: number;
  timer: ReturnType<typeof setTimeout> | undefined;
  connection: Connection | null;
  wasSent: boolean;
  hasEnded: boolean;
};

/** How long connecting may take, in ms: a proxy that starts a function takes the connection at once and lets it wait. */
const connectMs = 10_000;

/** Sends a request, over a kept connection where there is one. */
export function startExchange(options: ExchangeOptions): Exchange {
  const { idle, origin, timeoutMs } = options;
  const exchange: Exchange = {
    options,
    startedAt: performance.now(),
    timer: undefined,
    connection: null,
    wasSent: false,
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
  const never = { failure: "refused", message: "no connection came about in time" } as const;
  breakOff(exchange, exchange.wasSent ? { failure: "timeout", message: "" } : never);
}

function connect(exchange: Exchange): void {
  exchange.connection = null;
  openConnection(exchange.options.address, {
    opened: (connection) => {
      const maySend = exchange.options.maySend();
      if (exchange.hasEnded || !maySend) {
        connection.close();
        return end(exchange, null);
      }
      if (exchange.options.timeoutMs > connectMs) setTimer(exchange, exchange.options.timeoutMs);
      send(exchange, { connection, isKept: false });
    },
    failed: (failure) => end(exchange, failure),
  });
}

type Way = { readonly connection: Connection; readonly isKept: boolean };

function send(exchange: Exchange, { connection, isKept }: Way): void {
  const reader = createAnswerReader();
  exchange.connection = connection;
  exchange.wasSent = true;
  connection.send(exchange.options.message, {
    onBytes: (chunk) => {
      try {
        const answer = reader.push(chunk);
        if (answer !== null) answered(exchange, { connection, answer });
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        breakOff(exchange, { failure: "lost", message });
      }
    },
    onClosed: (reason) => {
      const answer = reader.close();
      if (answer !== null) end(exchange, answer.response);
      else if (isKept && !reader.hasBegun()) connect(exchange);
      else end(exchange, { failure: "lost", message: reason });
    },
  });
}

type Got = { readonly connection: Connection; readonly answer: Answer };

function answered(exchange: Exchange, { connection, answer }: Got): void {
  const { idle, origin } = exchange.options;
  const wasSentWhole = connection.rest();
  if (answer.mayReuse && wasSentWhole) idle.keep(origin, connection, answer.keepAliveSeconds);
  else connection.close();
  end(exchange, answer.response);
}
