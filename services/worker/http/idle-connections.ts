import type { Connection } from "./connection.ts";

/** Connections that wait for their next request, by origin. */
export type IdleConnections = {
  /** Keeps a connection for as long as its server does, by what that says in seconds; or closes it where it has had its day. */
  readonly keep: (origin: string, connection: Connection, serverKeepsSeconds: number | undefined) => void;
  /** Gives a connection that is open, the one used last. */
  readonly take: (origin: string) => Connection | undefined;
  readonly closeAll: () => void;
};

/** Below the 5 s after which Node's HTTP servers close an idle connection unless told otherwise. */
const keptSeconds = 4;

/** A second less than the server says, since its answer took a while to come. */
const marginSeconds = 1;

/** New connections are how requests reach instances that were added meanwhile. */
const longestLifeMs = 60_000;

type Kept = { readonly connection: Connection; readonly untilMs: number };

/** What a store of idle connections may be told. */
export type IdleOptions = {
  /** How many may wait at most, over all origins: files are few, and a gateway with a host for each task has many. */
  readonly most: number;
  readonly now?: () => number;
};

/**
 * Gives an empty store of idle connections. Until `closeAll`, what has waited too long is closed every second; of more than `most` the
 * one that has waited longest at the origin that has not been without for the longest time.
 */
export function createIdleConnections({ most, now = () => performance.now() }: IdleOptions): IdleConnections {
  let count = 0;
  // An origin that is without is left out, and comes in last again: the first ones are those that nobody has asked for in a while.
  const byOrigin = new Map<string, Kept[]>();
  const isUsable = ({ connection, untilMs }: Kept) => connection.isOpen() && untilMs > now();

  const sweep = () => {
    for (const [origin, kept] of byOrigin) {
      const usable = kept.filter(isUsable);
      for (const one of kept) if (!isUsable(one)) one.connection.close();
      count -= kept.length - usable.length;
      if (usable.length === 0) byOrigin.delete(origin);
      else byOrigin.set(origin, usable);
    }
  };
  const timer = setInterval(sweep, 1_000);
  timer.unref();

  const closeOne = () => {
    const [first] = byOrigin;
    if (first === undefined) return;
    const [origin, kept] = first;
    kept.shift()?.connection.close();
    count -= 1;
    if (kept.length === 0) byOrigin.delete(origin);
  };

  return {
    keep: (origin, connection, serverKeepsSeconds = keptSeconds + marginSeconds) => {
      const keepMs = (Math.min(serverKeepsSeconds, longestLifeMs / 1_000) - marginSeconds) * 1_000;
      if (keepMs <= 0 || now() - connection.openedAt > longestLifeMs) return connection.close();
      const one = { connection, untilMs: now() + keepMs };
      const kept = byOrigin.get(origin);
      if (kept === undefined) byOrigin.set(origin, [one]);
      else kept.push(one);
      count += 1;
      if (count > most) closeOne();
    },
    take: (origin) => {
      const kept = byOrigin.get(origin);
      if (kept === undefined) return undefined;
      for (;;) {
        const one = kept.pop();
        if (one !== undefined) count -= 1;
        if (kept.length === 0) byOrigin.delete(origin);
        if (one === undefined || isUsable(one)) return one?.connection;
        one.connection.close();
      }
    },
    closeAll: () => {
      clearInterval(timer);
      for (const kept of byOrigin.values()) for (const { connection } of kept) connection.close();
      byOrigin.clear();
      count = 0;
    },
  };
}
