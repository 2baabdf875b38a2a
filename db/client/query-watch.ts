/** A statement as postgres.js makes it: a promise that can be taken out of the queue. */
type Query<T> = PromiseLike<T> & { readonly cancel: () => void };

/** Why a statement was given up. Its code makes it transient: see is-transient.ts. */
class QueryGivenUp extends Error {
  override readonly name = "QueryGivenUp";
  readonly code: "CONNECTION_SILENT" | "CONNECTION_BUSY" | "CONNECTION_MISSING";

  constructor(code: QueryGivenUp["code"], message: string) {
    super(message);
    this.code = code;
  }
}

type Watched = {
  readonly query: object;
  readonly limitMs: number;
  /** When it was asked for, and later when it was seen to be on its way, by performance.now(). */
  since: number;
  isOnItsWay: boolean;
  readonly giveUp: (code: QueryGivenUp["code"]) => void;
};

/** Watches over statements that may never be answered. */
export type QueryWatch = {
  /** Gives what the statement gives, or throws QueryGivenUp when that takes too long. */
  readonly within: <T>(query: Query<T>, limitMs: number) => Promise<T>;
};

/** How often all statements under way are looked at, in ms. */
const lookMs = 250;

/** The server ends a statement at its limit and says so; who waits a quarter longer and hears nothing hears nothing any more. */
const silence = 1.25;

/**
 * Gives a watch over statements.
 *
 * A connection whose packets are swallowed, by a failover, a partition or a firewall that forgot it, looks open for as long as
 * TCP tries, a quarter of an hour, and so long a statement would wait. What is not answered after its limit is given up: as
 * silent where it was sent, as busy where it is one of too many that share the connections, as missing where there is none.
 *
 * One timer looks at all of them, so that a statement costs none. A process that was frozen gives the answers that lie in
 * its sockets time to be read first.
 */
export function createQueryWatch(): QueryWatch {
  const watched = new Set<Watched>();
  let timer: ReturnType<typeof setInterval> | undefined;
  let lookedAt = 0;

  const look = () => {
    const now = performance.now();
    const lateMs = now - lookedAt - lookMs;
    lookedAt = now;
    for (const entry of watched) {
      if (lateMs > lookMs) entry.since += lateMs;
      judge(entry, now, () => [...watched].some(({ isOnItsWay }) => isOnItsWay));
    }
    if (watched.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };

  const startLooking = () => {
    if (timer !== undefined) return;
    lookedAt = performance.now();
    timer = setInterval(look, lookMs);
    timer.unref();
  };

  return {
    within: <T>(query: Query<T>, limitMs: number) =>
      new Promise<T>((resolve, reject) => {
        const giveUp = (code: QueryGivenUp["code"]) => {
          watched.delete(entry);
          // Taken out of the queue, so that it is not sent after all; one that was sent runs on where the server is.
          if (code === "CONNECTION_BUSY") query.cancel();
          reject(new QueryGivenUp(code, reasons[code](limitMs)));
        };
        const entry: Watched = { query, limitMs, since: performance.now(), isOnItsWay: false, giveUp };
        watched.add(entry);
        startLooking();
        query.then(
          (answer) => {
            watched.delete(entry);
            resolve(answer);
          },
          (error: unknown) => {
            watched.delete(entry);
            reject(error);
          },
        );
      }),
  };
}

const reasons = {
  CONNECTION_SILENT: (ms: number) =>
    `the connection is open and gave no answer within ${(ms * silence) / 1000} s`,
  CONNECTION_BUSY: (ms: number) => `no connection to the database was free within ${ms / 1000} s`,
  CONNECTION_MISSING: (ms: number) => `no connection to the database could be opened within ${ms / 1000} s`,
} satisfies Record<QueryGivenUp["code"], (ms: number) => string>;

function judge(entry: Watched, now: number, isAnyOnItsWay: () => boolean): void {
  if (!entry.isOnItsWay && isSent(entry.query)) {
    entry.isOnItsWay = true;
    entry.since = now;
  }
  const limitMs = entry.isOnItsWay ? entry.limitMs * silence : entry.limitMs;
  if (now - entry.since <= limitMs) return;
  if (entry.isOnItsWay) entry.giveUp("CONNECTION_SILENT");
  else entry.giveUp(isAnyOnItsWay() ? "CONNECTION_BUSY" : "CONNECTION_MISSING");
}

/** postgres.js notes at a query which backend it was sent to. */
function isSent(query: object): boolean {
  return "state" in query && query.state !== null;
}
