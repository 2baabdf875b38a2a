import postgres from "postgres";
import { arrayLiteral } from "./array-literal.ts";
import { offerSockets } from "./connection/offer-sockets.ts";
import { readTarget } from "./connection/read-target.ts";
import type { DatabaseSettings } from "./connection/read-values.ts";
import { safeBegin } from "./safe-begin.ts";

export type { DatabaseSettings } from "./connection/read-values.ts";

/** How the pool and its connections behave. */
export type ConnectOptions = {
  /** Most connections that the pool opens. */
  readonly max: number;
  /** Shown in pg_stat_activity. */
  readonly name: string;
  /**
   * Whether to read the database's array types at the first connection, which passing arrays needs (true). postgres.js
   * leaves that query's failure unhandled when the pool is ended meanwhile, so what is ended at any time goes without.
   */
  readonly fetchTypes?: boolean;
  /**
   * Whether statements are prepared and kept by name (true), which saves a round trip each time but the first. Those who make
   * few do without, which works through any pooler; see openPool for the others.
   */
  readonly prepare?: boolean;
  /** How long opening a connection may take, in seconds (10). */
  readonly connectSeconds?: number;
  /** Settings of the server for these connections. */
  readonly parameters?: Readonly<Record<string, number | string>>;
  /** Called whenever a connection has closed, for whatever reason. */
  readonly onClose?: () => void;
};

/** A pool of connections, by postgres.js. */
export type Sql = postgres.Sql;

/**
 * Gives a pool that connects at its first query and again after each loss. End it with `sql.end()`. A service that has to
 * outlive silent connections takes openPool.
 *
 * Sessions are opened as libpq opens them (open-session.ts): postgres.js 3.4.9 knows neither most of its settings nor several hosts
 * of which one is down, and sends the server what it does not know.
 *
 * @throws ConnectionTargetError where the settings are wrong.
 */
export function connect(settings: DatabaseSettings, options: ConnectOptions): Sql {
  const { max, name, fetchTypes = true, prepare = true, connectSeconds = 10, parameters, onClose } = options;
  const target = readTarget(settings);
  const sockets = offerSockets(target, {
    withinSeconds: connectSeconds,
    // A role or a database may have another style, and then postgres.js reads no time, or the wrong day.
    parameters: { application_name: name, DateStyle: "ISO, MDY", ...asTexts(parameters) },
  });
  const [host] = target.hosts;
  const sql = postgres({
    max,
    // Where a server accepts and hangs up, postgres.js tries again by itself; its own pauses grow to 20 s.
    backoff: (tries: number) => Math.min(1, 0.05 * 2 ** tries),
    fetch_types: fetchTypes,
    prepare,
    onnotice: () => {},
    ...(onClose === undefined ? {} : { onclose: onClose }),
    // For its errors alone. What is not said here it would look for in the environment.
    host: [host?.name],
    port: [host?.port],
    user: target.user,
    database: target.database,
    pass: "",
    ssl: false,
    connect_timeout: 0,
    keep_alive: 0,
    target_session_attrs: "primary",
    socket: sockets.open,
  } as unknown as postgres.Options<Record<string, never>>);
  const end = sql.end.bind(sql);
  return Object.assign(mend(sql), {
    end: async (how?: Parameters<typeof end>[0]) => {
      await end(how);
      // postgres.js forgets a connection that is still being opened.
      sockets.close();
    },
  });
}

function asTexts(parameters: ConnectOptions["parameters"] = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, String(value)]));
}

/**
 * Makes a pool's `unsafe`, by which all our statements go, send one statement at a time over a connection, with arrays as text.
 *
 * postgres.js would send the next one behind a statement without parameters. Behind a pooler in transaction mode it arrives
 * just as that gives the server's session to others, and is never answered (seen with PgBouncer 1.18).
 */
function mend(sql: Sql): Sql {
  const unsafe = sql.unsafe.bind(sql);
  // postgres.js asks this after sending (its own begin uses it): false keeps the connection to itself until the answer.
  const alone = { onexecute: () => false };
  return Object.assign(sql, {
    unsafe: (text: string, values: readonly unknown[] = [], options = {}) => {
      const encoded = values.map((value) => (Array.isArray(value) ? arrayLiteral(value) : value));
      return unsafe(text, encoded as never[], { ...alone, ...options } as postgres.UnsafeQueryOptions);
    },
    begin: safeBegin(sql),
  });
}

/** Gives the one row of an answer that always has one. */
export function onlyRow<T>(rows: readonly T[]): T {
  const [row] = rows;
  if (row === undefined) throw new Error("Cannot read the answer: the query gave no row.");
  return row;
}
