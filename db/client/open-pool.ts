import type { RowList } from "postgres";
import { connect, type DatabaseSettings, onlyRow, type Sql } from "./connect.ts";
import { createQueryWatch } from "./query-watch.ts";

/** How one statement goes. */
export type QueryOptions = {
  /** Whether it is prepared and kept by name. */
  readonly prepare?: boolean;
  /** How long to wait for its answer, in ms, where that is not the pool's limit. */
  readonly limitMs?: number;
};

/** What runs statements: a service's pool, or one of postgres.js. */
export type Queries = {
  readonly unsafe: <Row extends object>(
    text: string,
    values?: never[],
    options?: QueryOptions,
  ) => PromiseLike<RowList<Row[]>>;
};

/** A pool of connections for a service, which outlives what may happen to them. */
export type Pool = Queries & {
  /** Finds out whether a pooler stands before the database, and fits the pool to it. Call it first. */
  readonly adapt: () => Promise<{ readonly isPooled: boolean }>;
  /** Closes all connections, after so many seconds even those that are in use. A second call waits for the first. */
  readonly end: (seconds: number) => Promise<void>;
};

/** How a service's pool behaves. */
export type PoolOptions = {
  readonly max: number;
  /** Shown in pg_stat_activity. */
  readonly name: string;
  /** How long a statement may take, in seconds. */
  readonly querySeconds: number;
  /** Called, with the reason, when the pool has let go of all its connections and opens others. */
  readonly onReplaced?: (reason: Error) => void;
};

/** A server that only reads is left once in so long, in ms: the next one may only read too. */
const leastAgeMs = 1_000;

/** read_only_sql_transaction: said by a standby, as a former primary is after a failover. */
const readOnly = "25006";

/**
 * Gives a pool for a service: no statement waits for ever, and no connection is kept that is of no more use.
 *
 * The server ends a statement at the limit. Where not even that is heard, the connection is dead though it looks open, and its
 * neighbours most likely too: all are let go, their statements fail as by any lost connection, and new ones are opened. The
 * same where the server turns out to be read-only, as a former primary after a failover, and where a connection cannot be
 * opened in time (postgres.js 3.4.9 can end up there by itself, when a socket closes between write and flush).
 */
export function openPool(settings: DatabaseSettings, options: PoolOptions): Pool {
  const limitMs = options.querySeconds * 1000;
  const watch = createQueryWatch();
  // Of the role's own limit only the first look tells: later ones would see ours.
  let parameters: ReturnType<typeof sessionParameters> | undefined;
  let isPooled = false;
  let hasEnded = false;

  const open = () =>
    connect(settings, {
      max: options.max,
      name: options.name,
      fetchTypes: false,
      prepare: !isPooled,
      connectSeconds: Math.min(10, options.querySeconds * 0.8),
      ...(parameters === undefined ? {} : { parameters }),
    });
  let sql = open();
  let openedAt = performance.now();

  const replace = (worn: Sql, { reason, code }: { reason: Error; code: string }) => {
    const isHasty = code === readOnly && performance.now() - openedAt < leastAgeMs;
    if (worn !== sql || hasEnded || isHasty) return;
    sql = open();
    openedAt = performance.now();
    void worn.end({ timeout: 0 });
    options.onReplaced?.(reason);
  };

  const unsafe: Queries["unsafe"] = async <Row extends object>(
    text: string,
    values: never[] = [],
    { limitMs: ownLimitMs = limitMs, ...query }: QueryOptions = {},
  ) => {
    const used = sql;
    try {
      return await watch.within(() => used.unsafe<Row[]>(text, values, query), ownLimitMs);
    } catch (error) {
      const code = codeOf(error);
      if (error instanceof Error && wornBy.has(code)) replace(used, { reason: error, code });
      throw error;
    }
  };

  return {
    unsafe,
    adapt: async () => {
      const rows = await unsafe<{ pid: number; statementMs: number }>(
        `select pg_catalog.pg_backend_pid() as pid, setting::pg_catalog.int4 as "statementMs" from pg_catalog.pg_settings where name = 'statement_timeout'`,
      );
      const { pid, statementMs } = onlyRow(rows);
      // A pooler has to give its clients a number of its own, since their backends change.
      isPooled = pid !== rows.state.pid;
      if (hasEnded) return { isPooled };
      if (!isPooled) parameters ??= sessionParameters(limitMs, statementMs);
      const first = sql;
      sql = open();
      void first.end({ timeout: options.querySeconds });
      return { isPooled };
    },
    end: async (seconds) => {
      hasEnded = true;
      await sql.end({ timeout: seconds });
    },
  };
}

/**
 * What the server itself should do about us: end a statement at the limit, unless the role's own is lower, notice within
 * a minute that our host has gone, and read our statements as they are meant, whatever is set for the role. A pooler refuses such
 * parameters, and has settings of its own.
 */
function sessionParameters(limitMs: number, statementMs: number): Record<string, number | string> {
  const isLower = statementMs > 0 && statementMs <= limitMs;
  return {
    ...(isLower ? {} : { statement_timeout: Math.ceil(limitMs) }),
    // Claims pass what others hold, and write what they have read: their locks are made for this.
    default_transaction_isolation: "read committed",
    // Our arrays of outcomes hold nulls.
    array_nulls: "on",
    search_path: "pg_catalog, pg_temp",
    tcp_keepalives_idle: 30,
    tcp_keepalives_interval: 10,
    tcp_keepalives_count: 3,
    tcp_user_timeout: 60_000,
  };
}

/** Codes of errors that say that a pool's connections are of no more use. */
const wornBy = new Set(["CONNECTION_SILENT", "CONNECTION_MISSING", "CONNECT_TIMEOUT", readOnly]);

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
