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

/** Gives an empty store of idle connections. Until `closeAll`, what has waited too long is closed every second. */
export function createIdleConnections(now: () => number = () => performance.now()): IdleConnections {
  const byOrigin = new Map<string, Kept[]>();
  const isUsable = ({ connection, untilMs }: Kept) => connection.isOpen() && untilMs > now();

  const sweep = () => {
    for (const [origin, kept] of byOrigin) {
      const usable = kept.filter(isUsable);
      for (const one of kept) if (!isUsable(one)) one.connection.close();
      if (usable.length === 0) byOrigin.delete(origin);
      else byOrigin.set(origin, usable);
    }
  };
  const timer = setInterval(sweep, 1_000);
  timer.unref();

  return {
    keep: (origin, connection, serverKeepsSeconds = keptSeconds + marginSeconds) => {
      const keepMs = (Math.min(serverKeepsSeconds, longestLifeMs / 1_000) - marginSeconds) * 1_000;
      if (keepMs <= 0 || now() - connection.openedAt > longestLifeMs) return connection.close();
      const one = { connection, untilMs: now() + keepMs };
      const kept = byOrigin.get(origin);
      if (kept === undefined) byOrigin.set(origin, [one]);
      else kept.push(one);
    },
    take: (origin) => {
      const kept = byOrigin.get(origin);
      for (;;) {
        const one = kept?.pop();
        if (one === undefined || isUsable(one)) return one?.connection;
        one.connection.close();
      }
    },
    closeAll: () => {
      clearInterval(timer);
      for (const kept of byOrigin.values()) for (const { connection } of kept) connection.close();
      byOrigin.clear();
    },
  };
}
