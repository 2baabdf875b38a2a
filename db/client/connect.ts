import postgres from "postgres";

/** Which database to use: one URL, or the parts by libpq's names. */
export type DatabaseSettings = {
  readonly DATABASE_URL?: string | undefined;
  readonly PGHOST: string;
  readonly PGPORT: number;
  readonly PGUSER: string;
  readonly PGPASSWORD?: string | undefined;
  readonly PGDATABASE: string;
};

/** How the pool behaves. */
export type PoolOptions = {
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
   * few do without, which works through any pooler; see adapt-to-pooler.ts for the others.
   */
  readonly prepare?: boolean;
  /** Called whenever a connection has closed, for whatever reason. */
  readonly onClose?: () => void;
};

/** A pool of connections, by postgres.js. */
export type Sql = postgres.Sql;

/** Gives a pool that connects at its first query and again after each loss. End it with `sql.end()`. */
export function connect(
  settings: DatabaseSettings,
  { max, name, fetchTypes = true, prepare = true, onClose }: PoolOptions,
): Sql {
  const options = {
    max,
    connect_timeout: 10,
    // Where a server accepts and hangs up, postgres.js tries again by itself; its own pauses grow to 20 s.
    backoff: (tries: number) => Math.min(1, 0.05 * 2 ** tries),
    fetch_types: fetchTypes,
    prepare,
    onnotice: () => {},
    connection: { application_name: name },
    ...(onClose === undefined ? {} : { onclose: onClose }),
  };
  if (settings.DATABASE_URL !== undefined) return oneByOne(postgres(settings.DATABASE_URL, options));
  return oneByOne(
    postgres({
      ...options,
      host: settings.PGHOST,
      port: settings.PGPORT,
      user: settings.PGUSER,
      database: settings.PGDATABASE,
      ...(settings.PGPASSWORD === undefined ? {} : { password: settings.PGPASSWORD }),
    }),
  );
}

/**
 * Makes a pool's `unsafe`, by which all our statements go, send one statement at a time over a connection.
 *
 * postgres.js would send the next one behind a statement without parameters. Behind a pooler in transaction mode it arrives
 * just as that gives the server's session to others, and is never answered (seen with PgBouncer 1.18).
 */
function oneByOne(sql: Sql): Sql {
  const unsafe = sql.unsafe.bind(sql);
  // postgres.js asks this after sending (its own begin uses it): false keeps the connection to itself until the answer.
  const alone = { onexecute: () => false };
  return Object.assign(sql, {
    unsafe: (text: string, values: never[] = [], options = {}) =>
      unsafe(text, values, { ...alone, ...options } as postgres.UnsafeQueryOptions),
  });
}

/** Gives the connection as one URL, for libraries that take nothing else. */
export function connectionUrl(settings: DatabaseSettings): string {
  if (settings.DATABASE_URL !== undefined) return settings.DATABASE_URL;
  const { PGUSER, PGPASSWORD, PGHOST, PGPORT, PGDATABASE } = settings;
  const password = PGPASSWORD === undefined ? "" : `:${encodeURIComponent(PGPASSWORD)}`;
  const host = PGHOST.includes(":") ? `[${PGHOST}]` : encodeURIComponent(PGHOST);
  return `postgres://${encodeURIComponent(PGUSER)}${password}@${host}:${PGPORT}/${encodeURIComponent(PGDATABASE)}`;
}

/** Gives the one row of an answer that always has one. */
export function onlyRow<T>(rows: readonly T[]): T {
  const [row] = rows;
  if (row === undefined) throw new Error("Cannot read the answer: the query gave no row.");
  return row;
}
