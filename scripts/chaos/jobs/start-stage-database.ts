import { setTimeout as pause } from "node:timers/promises";
import { connect, type Sql } from "../../../db/client/connect.ts";
import {
  type LocalPostgres,
  startLocalPostgres,
} from "../../../services/local-postgres/start-local-postgres.ts";

/** The Postgres of a run, and the run's own way into it, past the proxies. */
export type StageDatabase = AsyncDisposable & {
  readonly url: string;
  readonly port: number;
  /** Opens a pool of one connection, to another port where a proxy stands there; whoever opens it ends it. */
  readonly open: (name: string, through?: number) => Sql;
  /** Runs one statement. A connection that failed is not used again. */
  readonly ask: <Row extends object>(text: string, values?: readonly (string | number)[]) => Promise<Row[]>;
  /** The same, again and again for half a minute: Postgres may be away. */
  readonly insist: <Row extends object>(
    text: string,
    values?: readonly (string | number)[],
  ) => Promise<Row[]>;
  /** Crashes the server ("immediate shutdown"), leaves it away for so long, and starts it again. */
  readonly crash: (awayMs: number) => Promise<void>;
};

const patienceMs = 30_000;

/** Starts a Postgres in a folder. */
export async function startStageDatabase(folder: string): Promise<StageDatabase> {
  // A crash of the server loses nothing that the system holds, so that no fsync is needed; few connections, to be exhausted.
  const settings = ["fsync=off", "max_connections=60"];
  let server: LocalPostgres = await startLocalPostgres({ folder, port: 0, settings });
  const { url, port } = server;
  const open = (name: string, through = port) =>
    connect(databaseAt(url.replace(`:${port}/`, `:${through}/`)), { max: 1, name, fetchTypes: false });
  let sql = open("chaos");
  const ask: StageDatabase["ask"] = async <Row extends object>(
    text: string,
    values: readonly (string | number)[] = [],
  ) => {
    const used = sql;
    try {
      return [...(await used.unsafe<Row[]>(text, [...values]))];
    } catch (error) {
      if (used === sql) {
        sql = open("chaos");
        void used.end({ timeout: 0 });
      }
      throw error;
    }
  };
  return {
    url,
    port,
    open,
    ask,
    insist: <Row extends object>(text: string, values: readonly (string | number)[] = []) =>
      persist(`Postgres answers ${JSON.stringify(text.trim().slice(0, 60))}`, () => ask<Row>(text, values)),
    crash: async (awayMs) => {
      await server.crash();
      await pause(awayMs);
      server = await startLocalPostgres({ folder, port, settings });
    },
    [Symbol.asyncDispose]: async () => {
      await sql.end({ timeout: 1 });
      await server.stop();
    },
  };
}

/** Gives settings of a database by its URL. */
export function databaseAt(url: string) {
  return { DATABASE_URL: url, PGHOST: "", PGPORT: 0, PGUSER: "", PGDATABASE: "" };
}

/** Does it again and again until it is done, for half a minute. */
export async function persist<T>(what: string, act: () => Promise<T>): Promise<T> {
  const giveUpAt = performance.now() + patienceMs;
  for (;;) {
    try {
      return await act();
    } catch (cause) {
      if (performance.now() > giveUpAt) throw new Error(`Tried for 30 s in vain until ${what}.`, { cause });
      await pause(50);
    }
  }
}
