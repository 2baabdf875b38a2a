import { setTimeout as pause } from "node:timers/promises";
import { connect, type DatabaseSettings, type Sql } from "./connect.ts";

/** What to listen to, and whom to tell. */
export type ListenerOptions = {
  readonly settings: DatabaseSettings;
  readonly channels: readonly string[];
  /** Called for each notification, and whenever listening begins again, since some may have been missed. */
  readonly onNotify: (channel: string) => void;
  /** Called when listening begins, and, with the reason, when it is lost or could not begin; once until the next change. */
  readonly onState?: (listening: boolean, reason?: Error) => void;
  /** How often the listener notifies itself to see whether its connection still hears, in ms (10,000). */
  readonly probeEveryMs?: number;
  /** How long it waits for its own notification, in ms (5,000). */
  readonly probePatienceMs?: number;
};

/** A connection that hears notifications, and is replaced when it does not. */
export type Listener = {
  readonly isListening: () => boolean;
  readonly stop: () => Promise<void>;
};

/**
 * Listens on channels of the database until stopped, over two connections of its own.
 *
 * A half-open connection looks alive and hears nothing (a failover, a firewall that forgot it). So the listener sends
 * itself a notification through a second connection every few seconds; when that does not arrive, or either connection
 * closes, it starts over. Nothing is lost meanwhile: listening only saves the wait for the next poll. Where it has never
 * heard anything (a pooler in transaction mode), it tries once a minute in the end.
 */
export function startListener(options: ListenerOptions): Listener {
  const stopping = new AbortController();
  let listening = false;
  let isKnown = false;
  const setListening = (now: boolean, reason?: Error) => {
    if (now === listening && (isKnown || reason === undefined)) return;
    isKnown = true;
    listening = now;
    options.onState?.(now, reason);
  };
  const done = keepListening(options, { signal: stopping.signal, setListening });
  return {
    isListening: () => listening,
    stop: async () => {
      stopping.abort();
      await done;
    },
  };
}

type Loop = {
  readonly signal: AbortSignal;
  readonly setListening: (now: boolean, reason?: Error) => void;
};

async function keepListening(options: ListenerOptions, { signal, setListening }: Loop): Promise<void> {
  let failures = 0;
  let hasListened = false;
  while (!signal.aborted) {
    const closed = new AbortController();
    const sql = connect(options.settings, {
      max: 1,
      name: "jobs-listen",
      fetchTypes: false,
      prepare: false,
      onClose: () => closed.abort(),
    });
    try {
      await listenUntilLost(sql, { ...options, signal, closed: closed.signal }, () => {
        failures = 0;
        hasListened = true;
        setListening(true);
      });
    } catch (error) {
      if (signal.aborted) break;
      failures += 1;
      setListening(false, error instanceof Error ? error : new Error(String(error)));
    } finally {
      await leave(sql);
    }
    const longestMs = hasListened ? 5_000 : 60_000;
    await pause(Math.min(longestMs, 100 * 2 ** failures), undefined, { signal }).catch(() => undefined);
  }
  setListening(false);
}

/** Closes a pool without waiting for a peer that no longer answers: postgres.js waits for the peer's own close. */
async function leave(sql: Sql): Promise<void> {
  const enough = new AbortController();
  const patience = pause(500, undefined, { signal: enough.signal }).catch(() => undefined);
  await Promise.race([sql.end({ timeout: 0 }).catch(() => undefined), patience]);
  enough.abort();
}

/** How long opening a connection takes at most, in ms; LISTEN itself may be lost too. */
const openingPatienceMs = 10_000;

type Attempt = ListenerOptions & { readonly signal: AbortSignal; readonly closed: AbortSignal };

async function listenUntilLost(sql: Sql, attempt: Attempt, onReady: () => void): Promise<never> {
  const { channels, onNotify, signal, closed, probeEveryMs = 10_000, probePatienceMs = 5_000 } = attempt;
  const probe = `jobs:probe:${crypto.randomUUID()}`;
  let heard = Promise.withResolvers<void>();
  const lost = AbortSignal.any([signal, closed]);
  const begin = async () => {
    await sql.listen(probe, () => heard.resolve());
    for (const channel of channels) {
      const tell = () => onNotify(channel);
      await sql.listen(channel, tell, tell);
    }
  };
  await unlessLost(withinPatience(begin(), openingPatienceMs + probePatienceMs), lost);
  for (let first = true; ; first = false) {
    heard = Promise.withResolvers<void>();
    const echoed = Promise.all([sql.notify(probe, ""), heard.promise]);
    await unlessLost(withinPatience(echoed, probePatienceMs), lost);
    if (first) onReady();
    await unlessLost(pause(probeEveryMs, undefined, { signal: lost }), lost);
  }
}

/** Gives what the promise gives, or throws as soon as the connection is lost. Leaves no listener behind. */
async function unlessLost<T>(promise: Promise<T>, lost: AbortSignal): Promise<T> {
  const gone = Promise.withResolvers<never>();
  const onLost = () => gone.reject(new Error("the connection was closed"));
  if (lost.aborted) onLost();
  lost.addEventListener("abort", onLost);
  try {
    return await Promise.race([promise, gone.promise]);
  } finally {
    lost.removeEventListener("abort", onLost);
  }
}

async function withinPatience(promise: Promise<unknown>, patienceMs: number): Promise<void> {
  const enough = new AbortController();
  const silence = pause(patienceMs, undefined, { signal: enough.signal }).then(() => {
    throw new Error(`the connection is open but heard nothing for ${patienceMs} ms`);
  });
  try {
    await Promise.race([promise, silence]);
  } finally {
    enough.abort();
    silence.catch(() => undefined);
  }
}
