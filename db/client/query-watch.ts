/** Gives a statement to postgres.js, which promises its answer. Called again where it turned out to wait at the wrong place. */
type Send<T> = () => PromiseLike<T>;

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
  /** What postgres.js has now. */
  query: object;
  readonly limitMs: number;
  /** Its number in the order of asking; a statement that is sent again has a new one. */
  place: number;
  /** When postgres.js was given it, by performance.now(). */
  givenAt: number;
  /** When it was asked for, and later when it was seen to be on its way, by performance.now(). */
  since: number;
  isOnItsWay: boolean;
  readonly sendAgain: () => void;
  readonly giveUp: (code: QueryGivenUp["code"]) => void;
};

/** Watches over statements that may never be answered. */
export type QueryWatch = {
  /** Gives what the statement gives, or throws QueryGivenUp when that takes too long. */
  readonly within: <T>(send: Send<T>, limitMs: number) => Promise<T>;
};

/** How often all statements under way are looked at, in ms. */
const lookMs = 250;

/** A statement that has no connection after so long, in ms, while no other has one either, is sent by a further one. */
const openingMs = 1_000;

/** The server ends a statement at its limit and says so; who waits a quarter longer and hears nothing hears nothing any more. */
const silence = 1.25;

/**
 * Gives a watch over statements.
 *
 * A connection whose packets are swallowed, by a failover, a partition or a firewall that forgot it, looks open for as long as
 * TCP tries, a quarter of an hour, and so long a statement would wait. What is not answered after its limit is given up: as
 * silent where it was sent, as busy where it is one of too many that share the connections, as missing where there is none.
 *
 * postgres.js 3.4.9 ties a statement that finds no connection free to one that it opens for it, and lets it wait for that one
 * alone, however long the server is silent and however many others open meanwhile: ten seconds, in which an outcome may lose
 * its lease. Since the others wait in one row, a statement that a later one has overtaken is tied. It is sent again, and what
 * is tied becomes an empty statement: postgres.js would lose the connection of one that is cancelled.
 *
 * One timer looks at all of them, so that a statement costs none. A process that was frozen gives the answers that lie in
 * its sockets time to be read first.
 */
export function createQueryWatch(): QueryWatch {
  const watched = new Set<Watched>();
  let timer: ReturnType<typeof setInterval> | undefined;
  let lookedAt = 0;
  let places = 0;
  // The last place of those that had a connection.
  let connected = 0;

  const look = () => {
    const now = performance.now();
    const lateMs = now - lookedAt - lookMs;
    lookedAt = now;
    for (const entry of watched) {
      if (lateMs > lookMs) entry.since += lateMs;
      notice(entry, now);
      if (entry.isOnItsWay) connected = Math.max(connected, entry.place);
    }
    const isAnyOnItsWay = [...watched].some(({ isOnItsWay }) => isOnItsWay);
    for (const entry of watched) {
      if (giveUpLate(entry, { now, isAnyOnItsWay }) || entry.isOnItsWay) continue;
      const isAlone = !isAnyOnItsWay && now - entry.givenAt > openingMs;
      if (entry.place < connected || isAlone) entry.sendAgain();
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

  const list: List = {
    add: (entry) => {
      watched.add(entry);
      startLooking();
    },
    remove: (entry) => watched.delete(entry),
    has: (entry) => watched.has(entry),
    nextPlace: () => ++places,
    connectedAt: (place) => {
      connected = Math.max(connected, place);
    },
  };
  return {
    within: (send, limitMs) =>
      new Promise((resolve, reject) => ask(send, { list, limitMs, resolve, reject })),
  };
}

/** The statements under way, as one of them needs them. */
type List = {
  readonly add: (entry: Watched) => void;
  readonly remove: (entry: Watched) => void;
  readonly has: (entry: Watched) => boolean;
  readonly nextPlace: () => number;
  readonly connectedAt: (place: number) => void;
};

type Asking<T> = {
  readonly list: List;
  readonly limitMs: number;
  readonly resolve: (answer: T) => void;
  readonly reject: (error: unknown) => void;
};

function ask<T>(send: Send<T>, { list, limitMs, resolve, reject }: Asking<T>): void {
  const give = () => {
    const query = send();
    query.then(
      (answer) => {
        // Empty by now: the connection that it was tied to is open after all, and free.
        if (entry.query !== query) return list.has(entry) && !isSent(entry.query) ? sendAgain() : undefined;
        list.remove(entry);
        list.connectedAt(entry.place);
        resolve(answer);
      },
      (error: unknown) => {
        if (entry.query !== query) return;
        list.remove(entry);
        reject(error);
      },
    );
    return query;
  };
  const sendAgain = () => {
    empty(entry.query);
    entry.query = give();
    entry.place = list.nextPlace();
    entry.givenAt = performance.now();
  };
  const now = performance.now();
  const entry: Watched = {
    query: give(),
    limitMs,
    place: list.nextPlace(),
    givenAt: now,
    since: now,
    isOnItsWay: false,
    sendAgain,
    giveUp: (code) => {
      list.remove(entry);
      // Not sent after all; one that was sent runs on where the server is.
      if (code === "CONNECTION_BUSY") empty(entry.query);
      reject(new QueryGivenUp(code, reasons[code](limitMs)));
    },
  };
  list.add(entry);
}

const reasons = {
  CONNECTION_SILENT: (ms: number) =>
    `the connection is open and gave no answer within ${(ms * silence) / 1000} s`,
  CONNECTION_BUSY: (ms: number) => `no connection to the database was free within ${ms / 1000} s`,
  CONNECTION_MISSING: (ms: number) => `no connection to the database could be opened within ${ms / 1000} s`,
} satisfies Record<QueryGivenUp["code"], (ms: number) => string>;

function notice(entry: Watched, now: number): void {
  if (entry.isOnItsWay || !isSent(entry.query)) return;
  entry.isOnItsWay = true;
  entry.since = now;
}

type Sight = { readonly now: number; readonly isAnyOnItsWay: boolean };

/** Gives up a statement whose time is over, and tells whether it did. */
function giveUpLate(entry: Watched, { now, isAnyOnItsWay }: Sight): boolean {
  const limitMs = entry.isOnItsWay ? entry.limitMs * silence : entry.limitMs;
  if (now - entry.since <= limitMs) return false;
  if (entry.isOnItsWay) entry.giveUp("CONNECTION_SILENT");
  else entry.giveUp(isAnyOnItsWay ? "CONNECTION_BUSY" : "CONNECTION_MISSING");
  return true;
}

/** postgres.js notes at a query which backend it was sent to. */
function isSent(query: object): boolean {
  return "state" in query && query.state !== null;
}

/** Makes of a query that was not sent one that asks for nothing; postgres.js reads these when it sends. */
function empty(query: object): void {
  Object.assign(query, { strings: ["select"], args: [] });
}
