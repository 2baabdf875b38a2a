import type { Sql, TransactionSql } from "postgres";
import { isTransient } from "./is-transient.ts";

type Act = (tx: TransactionSql) => unknown;

/**
 * Gives postgres.js's `begin` without its fault: once a transaction's connection is lost, postgres.js 3.4.9 sends the
 * transaction's next statement, or its rollback, to a socket that is no more, and throws where nobody can catch it
 * (connection.js, nextWrite), which ends the process.
 *
 * Here a transaction that was lost sends nothing more: its `begin` rejects, as it does anyway, and its further statements throw.
 */
export function safeBegin(sql: Sql): Sql["begin"] {
  const begin = sql.begin.bind(sql);
  const safe = async (...words: [Act] | [string, Act]): Promise<unknown> => {
    const act = words.length === 1 ? words[0] : words[1];
    const options = words.length === 1 ? "" : words[0];
    let lost: unknown;
    const guarded = async (tx: TransactionSql) => {
      try {
        return await act(guard(tx, () => lost));
      } catch (error) {
        // A rollback would follow. The server does it by itself, and begin rejects as soon as the connection has closed.
        if (lost !== undefined || isLoss(error)) await new Promise(() => {});
        throw error;
      }
    };
    return await begin(options, guarded).catch((error: unknown) => {
      lost = error;
      throw error;
    });
  };
  return safe as Sql["begin"];
}

/** Gives the transaction, but for statements after it was lost. */
function guard(tx: TransactionSql, lost: () => unknown): TransactionSql {
  const check = () => {
    if (lost() !== undefined)
      throw new Error("The transaction has ended: its connection was lost.", { cause: lost() });
  };
  return new Proxy(tx, {
    apply: (target, self, words) => {
      check();
      return Reflect.apply(target, self, words);
    },
    get: (target, name, self) => {
      check();
      return Reflect.get(target, name, self);
    },
  });
}

/** Tells whether the connection went with the error; a conflict or a full server leaves it open. */
function isLoss(error: unknown): boolean {
  return (
    isTransient(error) &&
    error instanceof Error &&
    "code" in error &&
    /^(E|CONNECT|08|57P0)/.test(String(error.code))
  );
}
